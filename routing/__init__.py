"""Floor 3: from a request to a closed ticket.

departments  `tree()`, `rank(...)`: the departments, and whose duty a request is by catalogue and duties, with reasons
catalogue    `catalogue()`: the city's files; `catalogue_versions.in_force(session, at)`: with what was changed since;
             `catalogue_changes`, `catalogue_imports`, `catalogue_files`, `catalogue_returns`: changing it
reasons      `read`: why a ticket was dispatched where it was
negotiations `open state_position decide drop`: duties that are nobody's, or two departments'; read by `negotiated.find`
suggestions  `suggest(session, ticket)`: the same with what similar closed tickets taught, and the risk of a return
labels       `settled`: closed tickets as labelled texts
learning     `train_on_tickets`, `train`: the classifier on the line's own tickets, served only when better; by night
drift        `report`: what has changed between two periods
tickets      `Draft`, `open`; reads scoped by `visible_to(actor)`: `find`, `listing`, `counts`, `history`; the citizen's
             `by_code`, `public_status`; everybody's `reported_through`; `near`, `allowed`, `shown_clocks`
commands     the workflow: `dispatch accept contact return_to_centre rule_on_return reassign correct reply callback
             close`; the citizen's `urge supplement withdraw rate`
citizens     `masked`, `reveal`: who asked
feed         what a department's own system hears of: `read`, in order and without gaps
figures      `rates`: what a hotline is measured by
nearby       `near`: open tickets on the same matter, near in place and time; whereabouts: a place, to be compared
topics       `find`: what many people report at once
agenda       what is due next, and how much each department has on its hands
dispatching  the job `tickets.dispatch`: to the department without a person, where that is certain
supervision  the sweep `clocks.sweep`: clocks that ran out
"""
