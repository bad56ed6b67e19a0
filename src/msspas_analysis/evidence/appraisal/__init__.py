"""How far a study can be trusted: risk of bias from answers, and how sure a body of studies is."""
