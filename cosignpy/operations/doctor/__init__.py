"""The one place for diagnosis: facts about this machine and its services, and the checks that judge them.

A check is a row of `checks.CHECKS`: a name, the kinds of findings it may have, and a function from facts to findings.
"""
