"""What a proxy has been told and where it would send a request: in rows and in steps.

Never: a judgement of what is wrong (that is `why`), or a change.
"""
