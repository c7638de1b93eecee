"""Help and complaints, in both languages, from the tree of commands itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from admin_cli import click_words
from admin_cli.main import bonpois
from ledger.texts import gettext as _
from ledger.texts import in_language


def tree(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from tree(child, (*path, name))


def find(path: tuple[str, ...]) -> click.Command:
    command: click.Command = bonpois
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", list(tree(bonpois)), ids=lambda path: " ".join(path) or "bonpois")
def test_each_command_has_help_in_both_languages(path: tuple[str, ...], language: str) -> None:
    result = CliRunner().invoke(bonpois, [*path, "--help", "--lang", language])
    assert (result.exit_code, result.stderr) == (0, "")
    command = find(path)
    with in_language(language):
        assert result.stdout.split()[:2] == _("Usage:").split() + ["bonpois"] * (2 - len(_("Usage:").split()))
    shown = " ".join(result.stdout.split())
    for item in (command, *command.params):
        english = vars(item).get("english_help")
        assert english, f"{item} has no help"
        if not getattr(item, "hidden", False):
            with in_language(language):
                assert _(english).split()[0] in shown


def test_french_is_spoken_by_default() -> None:
    result = CliRunner(env={"BONPOIS_LANG": ""}).invoke(bonpois, ["--help"])
    assert "Le registre des bons d’aide alimentaire de Poitiers." in result.stdout


@pytest.mark.parametrize("arguments", [["--help", "--lang=en"], ["--lang", "en", "--help"]])
def test_the_language_counts_wherever_it_stands(arguments: list[str]) -> None:
    assert "The food-aid voucher ledger" in CliRunner().invoke(bonpois, arguments).stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["operator", "ad"], "La commande 'ad' n’existe pas. Vouliez-vous dire 'add' ?"),
        (["operator", "add"], "Il manque l’argument 'NOM'."),
        (["operator", "suspend", "a", "b"], "Argument en trop (b)"),
        (["till", "invite", "12"], "'12' n’a pas 14 chiffres."),
        (["serve", "--port", "99999"], "'99999' n’est pas un nombre entier de 0 à 65535."),
        (["card", "issue", "A", "B", "--kind", "stone"], "'stone' n’est pas l’un de : 'paper', 'phone'."),
        (["till", "invite"], "Il manque l’argument 'SIRET'."),
    ],
)
def test_click_complains_in_french(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(bonpois, [*arguments, "--lang", "fr"])
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_the_words_taken_for_click_s_are_click_s() -> None:
    source = "".join(Path(inspect.getfile(module)).read_text("utf-8") for module in click_words.MODULES)
    written = source.replace("\\n", "\n").replace("\\t", "\t")
    assert [word for word in click_words.WORDS if word not in written] == []
