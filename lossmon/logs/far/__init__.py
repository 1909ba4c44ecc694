"""Logs that requests are paid for, in time or in money.

files.py    what a listing says, and pieces of files     source.py  looks, reads what grew, rests
apart.py    what alone is in trouble, and when it is asked for again
stores.py   what fsspec reads: S3, Google's, Azure's, sftp (known_hosts.py)
web.py      web servers, by the standard library       answer.py  what one answers, whole or not
"""
