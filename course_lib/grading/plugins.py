"""nbgrader preprocessors that do what nbgrader's own do, and survive what students hand in.

`nbgrader_config.py` puts them into `nbgrader autograde` and Formgrader; the runner uses the last
two when it records. See the grader's page, README.md in this folder, for the configuration.
"""

from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Grade, Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades
from nbgrader.utils import is_task

from course_lib.grading.points import earned, is_test


class SaveGrades(SaveAutoGrades):
    """Save the points that `points.earned` reads, into a gradebook that may be shared."""

    gradebook: Gradebook

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Save a cell's score; a task that nobody has marked waits, also after a refusal."""
        if is_task(cell) and (grade := self._grade(cell)).manual_score is None:
            grade.auto_score, grade.needs_manual_grade = None, True
        return super().preprocess_cell(cell, resources, cell_index)

    def _grade(self, cell: NotebookNode) -> Grade:
        name = cell.metadata["nbgrader"]["grade_id"]
        return self.gradebook.find_grade(
            name, self.notebook_id, self.assignment_id, self.student_id
        )

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        if not is_test(cell):
            super()._add_score(cell, resources)
            return
        grade = self._grade(cell)
        grade.auto_score, _ = earned(cell)
        grade.needs_manual_grade = grade.manual_score is not None
        self.gradebook.db.commit()

    def save(self, gradebook: Gradebook, notebook: NotebookNode, names: dict[str, str]) -> None:
        """Save a notebook's grades and comments into an open gradebook."""
        self.gradebook = gradebook
        self.notebook_id, self.assignment_id = names["notebook"], names["assignment"]
        self.student_id = names["student"]
        for index, cell in enumerate(notebook.cells):
            self.preprocess_cell(cell, {}, index)


class LatePenalties(AssignLatePenalties):
    """Assign nbgrader's late penalty in a gradebook that is already open."""

    def assign(self, gradebook: Gradebook, names: dict[str, str]) -> None:
        """Ask the course's late-submission plugin for the penalty, and save it."""
        self.init_plugin()
        submission = gradebook.find_submission(names["assignment"], names["student"])
        found = gradebook.find_submission_notebook(
            names["notebook"], names["assignment"], names["student"]
        )
        found.late_submission_penalty = None
        late = submission.total_seconds_late
        if late > 0:
            penalty = self.plugin_inst.late_submission_penalty(names["student"], found.score, late)
            if penalty is not None:
                found.late_submission_penalty = self._check_late_penalty(found, penalty)
        gradebook.db.commit()
