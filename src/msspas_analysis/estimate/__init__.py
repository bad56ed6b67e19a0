"""Tables to answers: one module per question, one row per person in every estimator."""
