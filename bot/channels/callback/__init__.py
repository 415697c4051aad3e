"""A robot that calls an address of ours instead of a stream: for deployments that have nothing else. Off by default.

proof      is this call genuine; pure
door       the web server: one path, what is turned away, the same intake
replies    answers by the session that came with the message
"""
