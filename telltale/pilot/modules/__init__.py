"""Modules of code that plugins name: fetched once by the pilot, whoever needs them.

Never: what a module is for, or which proxies have it.
"""
