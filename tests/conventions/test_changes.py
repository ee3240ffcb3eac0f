"""What changed between two tables, and what a port changes."""

import json

import pytest
import typer
from typer.testing import CliRunner

from gradcheck.conventions.changes import changes, earlier, ports
from gradcheck.conventions.command import conventions
from gradcheck.conventions.points import edges
from gradcheck.conventions.survey import Answer, Row, Table
from gradcheck.errors import InputError
from gradcheck.judge.verdicts import Status

EDGE = edges.select(["abs(x)"])[0]


def table_of(edge=EDGE, **values):
    answers = {engine: Answer(value, Status.CONVENTION, "") for engine, value in values.items()}
    return Table((Row(edge, "-1", "1", answers, ""),), {"numpy": "2.0"})


def test_nothing_changed():
    table = table_of(torch="0", jax="1")
    assert changes(earlier(table.to_json()), table) == []


def test_another_value_another_engine_and_a_new_point():
    before = earlier(table_of(torch="0", jax="1").to_json())
    (changed,) = changes(before, table_of(torch="0", jax="0"))
    assert str(changed) == "abs(x) at x = 0: jax 1 CONVENTION -> 0 CONVENTION"
    (added,) = changes(before, table_of(torch="0", jax="1", tensorflow="0"))
    assert str(added) == "abs(x) at x = 0: tensorflow nothing -> 0 CONVENTION"
    (new,) = changes(before, table_of(edges.select(["sign(x)"])[0], torch="0"))
    assert "is new" in str(new)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '{"gradcheck": 1}', '{"gradcheck": 99, "points": {}}'])
def test_another_file_is_refused(text):
    with pytest.raises(InputError, match="table"):
        earlier(text)


def test_ports_name_the_points_that_change():
    table = table_of(torch="0", jax="1", tensorflow="0")
    assert {pair: len(rows) for pair, rows in ports(table).items()} == {
        ("torch", "jax"): 1,
        ("torch", "tensorflow"): 0,
        ("jax", "tensorflow"): 1,
    }


def test_the_command_compares(tmp_path):
    pytest.importorskip("sympy", reason="pip install 'gradcheck[sympy]'")
    app = typer.Typer()
    app.command()(conventions)
    path = tmp_path / "table.json"
    options = ["abs(x)", "--backends", "sympy"]
    assert CliRunner().invoke(app, [*options, "--json", str(path)]).exit_code == 0
    data = json.loads(path.read_text())
    data["points"]["abs(x) at x = 0"]["answers"]["sympy"]["value"] = "7"
    path.write_text(json.dumps(data))
    result = CliRunner().invoke(app, [*options, "--since", str(path)])
    assert "abs(x) at x = 0: sympy 7 CONVENTION -> 0 CONVENTION" in result.output
    assert isinstance(CliRunner().invoke(app, [*options, "--since", str(tmp_path / "none")]).exception, InputError)
