"""What the strategies are made of: from a source of choices, records and queries for them.

draws, random_draws     the choices: of Hypothesis, which shrinks, or of a plain generator, which is quick
values, languages       the values of each type, and the parts of the query language
scope                   a table, a language and values: what all below is drawn for
records, histories      records of few columns, and task records as a hub has them
places, operands        where a query may look, what is there, and what is near that
queries                 queries; `expr_queries`, `json_schemas`, `documented` and `words` are kinds of them
finds, projections      what else find takes
expressions             expressions of every operator
"""
