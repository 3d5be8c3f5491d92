"""Floor 3: from a request to a closed ticket.

departments  the tree, duties and the dispatch catalogue: `rank`
clocks       working time, policies, clocks of a ticket
tickets      `open`, the commands of the workflow, reads scoped by `visible_to(actor)`
callbacks    the three questions after the reply
figures      the rates
topics       what many people report at once
"""
