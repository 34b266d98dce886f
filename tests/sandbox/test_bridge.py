from types import ModuleType

import pytest

from sandbox.aws.bridge import replaced, replaced_values


class Base:
    def inherited(self) -> str:
        return "base"


class Emulated(Base):
    @classmethod
    def made(cls) -> str:
        return cls.__name__

    @staticmethod
    def free() -> str:
        return "free"

    @property
    def state(self) -> str:
        return "own"


def test_members_are_replaced_while_the_context_lasts() -> None:
    """Every kind of member is replaced, and the class has the identical objects again afterwards."""
    before = dict(Emulated.__dict__)
    with replaced(
        Emulated,
        made=classmethod(lambda cls: f"other {cls.__name__}"),
        free=staticmethod(lambda: "other"),
        state=property(lambda _self: "other"),
    ):
        emulated = Emulated()
        assert (Emulated.made(), emulated.free(), emulated.state) == ("other Emulated", "other", "other")
    assert dict(Emulated.__dict__) == before


def test_inherited_and_absent_members_are_removed() -> None:
    """A later change of the base class is visible again, and a new member is removed."""
    with replaced(Emulated, inherited=lambda _self: "other", added="new"):
        assert Emulated().inherited() == "other"
        assert Emulated.__dict__["added"] == "new"
    assert not {"inherited", "added"} & Emulated.__dict__.keys()
    assert Emulated().inherited() == "base"


def test_module_and_mapping_are_restored_after_an_error() -> None:
    """An error inside the context leaves nothing replaced."""
    module, mapping = ModuleType("emulated"), {"kept": 1, "changed": 2}
    module.__dict__["name"] = "own"

    def fail() -> None:
        with replaced(module, name="other", added=1), replaced_values(mapping, changed=3, added=4):
            assert (module.__dict__["name"], mapping) == ("other", {"kept": 1, "changed": 3, "added": 4})
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert module.__dict__["name"] == "own"
    assert "added" not in module.__dict__
    assert mapping == {"kept": 1, "changed": 2}


def test_replacements_nest() -> None:
    """The inner context restores what the outer one had set."""
    with replaced(Emulated, name="outer"):
        with replaced(Emulated, name="inner"):
            assert Emulated.__dict__["name"] == "inner"
        assert Emulated.__dict__["name"] == "outer"
    assert "name" not in Emulated.__dict__
