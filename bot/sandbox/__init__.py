"""The other side of the wire, for demo and tests: a loopback stand-in for the DingTalk platform.

A process of its own. It holds the stream gateway, the OpenAPI, the old API, the chats of invented people
and a clock that can be moved. It imports nothing of the product and shares no code with it, so a mistake
about the platform has to be made twice before a test can miss it. References such as ``A/0714`` name the
page of the platform's documentation a rule comes from.
"""
