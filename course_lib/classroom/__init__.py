"""The instructor's day around grading: what comes from a learning platform, and what goes out.

- `collect` fills submitted/ from a platform's `archives`: `owners` tells whose a file is,
  `handins` which is a student's newest, `problem_sets` of which problem set it is, and `folders`
  moves files; `overlooked` names what grading then passes over;
- `results` reads back what a graded class has come to: points, statuses, and with `findings` what
  went wrong in each answer; `report` makes of it the instructor's page, with `statistics` and
  `figures`;
- `export` and `canvas` write the scores as tables for other programs, `spreadsheet` such that no
  text in them runs.

Only the command line imports it; it needs the extra `grading`.
"""
