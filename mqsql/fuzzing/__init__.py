"""Finds defects in a database of task records: runs it beside the reference, and reports each distinct defect once.

targets      what can be tried
steps        what is done to a backend: changes and questions, which make up a history
child        the process that it runs in; running starts it, and again when it has ended
models       what MongoDB would answer to the same steps; comparing says what is wrong with an answer
drawing      draws histories, by mqsql.testing
shrinking    cuts a history down; reductions has simpler queries and values, traits what makes them less simple
causes       groups defects by what is left then
fuzzer       the search
describing   puts a defect into words; reproducing writes it as a test, which checking runs
"""
