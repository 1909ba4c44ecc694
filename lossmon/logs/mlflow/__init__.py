"""Runs that a tracking server of MLflow keeps, asked for over its REST API, read only.

api.py     one connection: requests, credentials, failures in words
runs.py    which runs there are, and the metrics of one, point by point
source.py  the source: looks again and again, and makes lines of what is new
"""
