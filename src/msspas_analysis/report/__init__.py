"""Answers to one page: the service evaluation a centre can hand to its manager and its funder."""

from msspas_analysis.report.evaluation import Evaluation, service_evaluation

__all__ = ["Evaluation", "service_evaluation"]
