"""Addresses and networks of a setting, as the operator writes them: with commas between. Knows no setting."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def read(value: object) -> object:
    """What is written as text becomes networks; anything else is left to the setting."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("must be addresses such as 10.0.0.5 or 10.0.0.0/24, with commas between") from error


def within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of them; what is no address lies nowhere."""
    try:
        there = ip_address(address)
    except ValueError:
        return False
    return any(there in network for network in networks)
