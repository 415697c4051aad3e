"""浙政钉: its own gateway, ids, signing and limits (`facts`: nothing of api.dingtalk.com fits it, no stream is known).

signing    the string to sign, the signature, the headers; pure
answers    what the gateway's envelopes mean; pure
paths      every call by name, and where it lives
gateway    one signed call, the access token
login      免登: an auth code becomes an `Account`
"""
