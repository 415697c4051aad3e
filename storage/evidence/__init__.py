"""The evidence: each pledge, each line of the audit log, each submission, step and scan in one chain of digests.

A row is *entered* in the transaction that writes it (`entering`): a salted digest of what it says (`kinds`) with a
keyed mark. A moment later it is *chained* (`chaining`), in order, by whichever process gets there first. At the end
of a day the pledges of that day get a Merkle root (`merkle`), which can be made public. `checking` names whatever does
not fit; `proofs` shows one pledge without the others; `anchor` remembers outside the database how long the chain was.
Must not know who asks nor what is said.
"""
