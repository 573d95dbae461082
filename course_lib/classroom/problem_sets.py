"""Which problem set a hand-in is of: told from its cells, else from the names of its files."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course_lib.grading.course import assignments
from course_lib.grading.settings import Course
from course_lib.grading.source import grade_id, read_cells
from course_lib.grading.submissions import Refusal, parse


@dataclass(frozen=True)
class ProblemSets:
    """What tells the course's problem sets apart.

    Attributes:
        notebooks: names of the notebooks, by problem set.
        cells: names (grade ids) of the cells, by problem set.
    """

    notebooks: dict[str, set[str]]
    cells: dict[str, set[str]]

    @classmethod
    def of(cls, course: Course) -> "ProblemSets":
        """Read the instructor's versions."""
        notebooks, cells = {}, {}
        for name in assignments(course.root):
            step = course.directory.source_directory
            paths = sorted(Path(course.directory.format_path(step, ".", name)).glob("*.ipynb"))
            notebooks[name] = {path.stem for path in paths}
            cells[name] = {
                id_ for path in paths for cell in read_cells(path) if (id_ := grade_id(cell))
            }
        return cls(notebooks, cells)

    def names(self) -> list[str]:
        """Return the names of all notebooks."""
        return sorted(name for names in self.notebooks.values() for name in names)

    def other(self, wanted: str, files: dict[str, bytes]) -> str:
        """Name the problem set that every notebook of a hand-in is of, if not the wanted one.

        Args:
            wanted: the problem set that is collected.
            files: what was handed in, by name.

        Returns:
            The other problem set; "" where there is none, or where nothing can tell.
        """
        found = [
            self._of(wanted, PurePosixPath(name).stem, _names_of_cells(name, data))
            for name, data in files.items()
            if name.endswith(".ipynb")
        ]
        return found[0] if found and wanted not in found and all(found) else ""

    def _of(self, wanted: str, stem: str, cells: set[str]) -> str:
        shared = {name: len(cells & known) for name, known in self.cells.items()}
        likeliest = max(shared, key=lambda name: (shared[name], name == wanted))
        if shared[likeliest]:
            return likeliest
        named = [name for name, notebooks in self.notebooks.items() if stem in notebooks]
        return wanted if wanted in named else next(iter(named), "")


def _names_of_cells(name: str, data: bytes) -> set[str]:
    try:
        return {id_ for cell in parse(name, data) if (id_ := grade_id(cell))}
    except Refusal:
        return set()
