"""The closed loop without a store: every transition as one table, refusals that say why, and the clock's hand-overs.

The last test plays random lives: what the log folds to is the live case, at every point and across restarts.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.twin.closed_loops import PROCEDURES, RULES, T0, Desk, seconds
from twin_model.case import Case, Evidence, Head, Step, kept_evidence
from twin_model.cases import Cases, StepRefused
from twin_model.closed_loop import advance, fold, hand_over_due, main_step, next_steps
from twin_model.declared import DeclarationError
from twin_model.procedure import HERE, PHASES, STEPS, load_procedures
from twin_model.store import Store

ELDER = PROCEDURES["elder_incident"]
DEVICE = PROCEDURES["device_incident"]
HEAD = Head(
    incident_id="i-000001", procedure="elder_incident", community_id="c", subject="h1", home_id="h1", facility_id=None,
    building_id="b1", drill_id=None, raised_at=T0, known_at=T0,
)  # fmt: skip
WAY: list[tuple[str, dict[str, Any]]] = [
    ("acknowledge", {}), ("contact", {"result": "nobody"}), ("dispatch", {}), ("arrive", {}),
    ("handle", {"by": "wang"}), ("confirm", {}), ("close", {"outcome": "true", "cause": "fall"}),
]  # fmt: skip


def seen(grade: int = 2, metric: str = "motion", number: int = 1) -> dict[str, Any]:
    words = {"zh": "静", "en": "still"}
    return kept_evidence(
        Evidence(
            rule="r", alert_id=number, title=words, sentence=words, since=T0, cleared_at=None, weight=0.6, firing=True,
            grade=grade, severity="act" if grade == 1 else "look", metric=metric, subject="h1",
        )
    )  # fmt: skip


def act(case: Case, name: str, **more: Any) -> Step:
    said = {"by": "chen", "role": "duty_officer", **more}
    if name == "close":
        said = {"outcome": "true", "cause": "fall", **said}
    if name == "contact":
        said = {"result": "nobody", **said}
    if name == "hand_over":
        said = {"detail": {"to": 1}, **said}
    if name in ("merge", "merged"):
        said = {"detail": {"from": "i-000002", "into": "i-000002", "subjects": [], "evidence": []}, **said}
    at = seconds(case.n)
    return Step(n=case.n + 1, step=name, at=at, known_at=at, **said)


def take(case: Case, name: str, procedure: Any = ELDER, **more: Any) -> Case:
    step = act(case, name, **more)
    return advance(procedure, case, step, step.at)


def raised(procedure: Any = ELDER, grade: int = 2, metric: str = "motion") -> Case:
    first = Step(n=1, step="raise", at=T0, known_at=T0, by="system", role="system",
                 detail={"evidence": [seen(grade, metric)]})  # fmt: skip
    return fold(procedure, HEAD, [first])


def at_phase(phase: str, procedure: Any = ELDER, grade: int = 2, result: str = "nobody") -> Case:
    case = raised(procedure, grade)
    for name, more in WAY:
        if case.phase == phase:
            return case
        case = take(case, name, procedure, **(more | {"result": result} if name == "contact" else more))
    return case


# Steps down, phases across (raised … closed): y legal, . refused. One row per step of the elder's procedure, grade 2.
LEGAL = {
    #              raised ack contacted dispatched arrived handled confirmed closed
    "acknowledge": "y.......",
    "contact":     ".yyyy...",
    "dispatch":    "..yyy...",
    "arrive":      "...y....",
    "handle":      "....y...",
    "confirm":     ".....y..",
    "close":       "......y.",
    "reopen":      ".....yyy",
    "hand_over":   "yyyyy...",
    "merge":       "yyyyyyy.",
    "note":        "yyyyyyyy",
}  # fmt: skip


@pytest.mark.parametrize(("step", "phase"), [(s, p) for s in STEPS for p in PHASES])
def test_every_transition(step, phase):
    case = at_phase(phase)
    is_legal = LEGAL[step][PHASES.index(phase)] == "y"
    assert (step in next_steps(ELDER, case)) == is_legal
    if is_legal:
        after = take(case, step)
        to = ELDER.steps[step].to
        assert after.phase == ("acknowledged" if step == "reopen" else max(phase, to or phase, key=PHASES.index))
        assert after.n == case.n + 1
    else:
        with pytest.raises(StepRefused) as refused:
            take(case, step)
        assert refused.value.kind == "order"
        assert refused.value.reason["zh"]
        assert refused.value.reason["en"]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_needs_the_right(step):
    phase = PHASES[LEGAL[step].index("y")]
    for role in ("neighbour", "manager", "auditor", "public_screen", "system", "duty_officer", "administrator"):
        if role in ELDER.steps[step].roles:
            take(at_phase(phase), step, role=role)
        else:
            with pytest.raises(StepRefused) as refused:
                take(at_phase(phase), step, role=role)
            assert (refused.value.code, refused.value.kind) == ("right", "right")
            assert role in refused.value.reason["zh"]


@pytest.mark.parametrize("by", ["wang", " Wang ", "WANG"])
def test_whoever_handled_it_cannot_confirm_it(by):
    case = at_phase("handled")
    with pytest.raises(StepRefused) as refused:
        take(case, "confirm", by=by)
    assert (refused.value.code, refused.value.kind) == ("same_person", "right")
    assert take(case, "confirm", by="li").phase == "confirmed"


def test_no_way_leads_from_open_to_closed_by_one_person_alone():
    """Every state one person can reach by any steps, searched to the end: none is closed."""
    todo, reached = [at_phase("raised")], set()
    while todo:
        case = todo.pop()
        for name in STEPS:
            if name in ("note", "merge", "reopen", "hand_over"):
                continue
            for result in ELDER.results if name == "contact" else ("nobody",):
                try:
                    after = take(case, name, by="wang", role="administrator", result=result)
                except StepRefused:
                    continue
                key = (after.phase, after.result, after.handled_by)
                if key not in reached:
                    reached.add(key)
                    todo.append(after)
    assert ("handled", "nobody", "wang") in reached
    assert not [phase for phase, _, _ in reached if phase in ("confirmed", "closed")]


def test_after_a_reopening_it_counts_who_handled_it_this_time():
    case = take(at_phase("closed"), "reopen")
    for name, more in WAY[1:4]:
        case = take(case, name, **more)
    case = take(case, "handle", by="li")
    assert take(case, "confirm", by="wang").phase == "confirmed"


@pytest.mark.parametrize(
    ("result", "legal"),
    [("self_well", "handle"), ("well", "handle"), ("family", "arrive"), ("answered", "arrive"), ("self_help", None),
     ("nobody", None), ("not_stated", None)],
)  # fmt: skip
def test_short_ways_are_those_of_the_file(result, legal):
    case = at_phase("contacted", result=result)
    assert {"handle", "arrive"} & set(next_steps(ELDER, case)) == ({legal} if legal else set())
    assert main_step(ELDER, case) == ("handle" if legal == "handle" else "dispatch")


def test_somebody_may_be_sent_before_anybody_is_called_when_it_is_red():
    assert "dispatch" in next_steps(ELDER, at_phase("acknowledged", grade=1))
    assert "dispatch" not in next_steps(ELDER, at_phase("acknowledged", grade=2))


def test_a_device_that_came_back_by_itself_needs_no_visit():
    for phase in ("acknowledged", "contacted", "dispatched"):
        assert "handle" in next_steps(DEVICE, at_phase(phase, DEVICE, result="nobody"))


@pytest.mark.parametrize(
    ("step", "more", "code"),
    [("close", {"outcome": "perhaps"}, "unknown_outcome"), ("close", {"outcome": ""}, "unknown_outcome"),
     ("close", {"cause": "ghost"}, "unknown_cause"), ("close", {"outcome": "false", "cause": "fall"}, "unknown_cause"),
     ("note", {"by": "  "}, "by"), ("dance", {}, "unknown_step"), ("raise", {}, "unknown_step"),
     ("clear", {}, "unknown_step"), ("realarm", {}, "unknown_step"), ("merged", {}, "unknown_step")],
)  # fmt: skip
def test_what_the_procedure_does_not_know_is_refused_with_what_it_knows(step, more, code):
    with pytest.raises(StepRefused) as refused:
        take(at_phase("confirmed"), step, **more)
    assert (refused.value.code, refused.value.kind) == (code, "unknown")


def test_a_contact_with_an_unknown_result_is_refused():
    with pytest.raises(StepRefused) as refused:
        take(at_phase("acknowledged"), "contact", result="shrug")
    assert refused.value.code == "unknown_result"
    assert "self_well" in refused.value.reason["en"]


@pytest.mark.parametrize(
    ("phase", "step"),
    [("acknowledged", "acknowledge"), ("arrived", "arrive"), ("handled", "handle"), ("confirmed", "confirm")],
)
def test_the_same_step_twice_says_who_took_it_and_when(phase, step):
    case = at_phase(phase)
    with pytest.raises(StepRefused) as refused:
        take(case, step, by="zhou")
    before = case.steps[-1]
    assert refused.value.code == "twice"
    assert before.by in refused.value.reason["zh"]
    assert before.at.astimezone(tz=None) is not None
    assert (before.at + timedelta(hours=8)).strftime("%H:%M:%S") in refused.value.reason["en"]


def test_a_closed_incident_says_that_it_can_be_reopened():
    with pytest.raises(StepRefused) as refused:
        take(at_phase("closed"), "close")
    assert refused.value.code == "closed"


def test_a_merged_incident_says_where_to_go_on():
    case = at_phase("acknowledged")
    case = fold(ELDER, HEAD, [*case.steps, act(case, "merged")])
    with pytest.raises(StepRefused) as refused:
        take(case, "note")
    assert refused.value.code == "merged"
    assert "i-000002" in refused.value.reason["en"]


def test_a_note_is_never_too_late_and_a_newer_note_hinders_nobody():
    case = take(at_phase("acknowledged"), "note", by="zhou")
    assert advance(ELDER, case, act(case, "contact"), seconds(9), expected_n=2).phase == "contacted"
    assert advance(ELDER, take(case, "contact"), act(case, "note"), seconds(9), expected_n=1)


def test_a_hand_over_the_clock_just_made_is_not_made_again():
    case = raised()
    clock = Step(n=2, step="hand_over", at=seconds(180), known_at=seconds(180), by="system", role="system",
                 detail={"to": 0})  # fmt: skip
    case = fold(ELDER, HEAD, [*case.steps, clock])
    with pytest.raises(StepRefused) as refused:
        advance(ELDER, case, act(case, "hand_over"), seconds(181), expected_n=1)
    assert refused.value.code == "newer"
    assert advance(ELDER, case, act(case, "acknowledge"), seconds(181), expected_n=1).owner == "chen"


def test_a_judgement_leaves_the_case_it_was_given_unchanged():
    case = at_phase("dispatched")
    before = replace(case)
    take(case, "arrive")
    assert case == before


@pytest.mark.parametrize(
    ("grade", "phase", "due", "kind"),
    [(1, "raised", 60, "acknowledge"), (1, "acknowledged", 180, "contact"), (1, "contacted", 2 + 120, "answer"),
     (1, "dispatched", 900, "arrive"), (1, "arrived", 4 + 3600, "handle"), (1, "handled", None, None),
     (2, "raised", 180, "acknowledge"), (2, "acknowledged", 900, "contact"), (3, "raised", 1800, "acknowledge"),
     (4, "raised", 3600, "acknowledge"), (4, "acknowledged", 48 * 3600, "contact"), (1, "closed", None, None)],
)  # fmt: skip
def test_the_clock_hands_over_when_the_file_says(grade, phase, due, kind):
    found = hand_over_due(ELDER, at_phase(phase, grade=grade))
    assert found == (None if due is None else (seconds(due), kind))


# ------------------------------------------------------------------ declarations


def spoilt(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    shutil.copy(HERE / "elder_incident.toml", tmp_path / "p.toml")
    text = (tmp_path / "p.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as error:
        load_procedures(tmp_path)
    return error.value.problems


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('to    = "contacted"', 'to    = "phoned"', "steps.contact.to is 'phoned'"),
        ('roles = ["duty_officer", "subdistrict", "administrator"]', 'roles = ["boss"]', "steps.merge.roles is 'boss'"),
        ('acknowledge = "60s"', 'acknowledge = "a minute"', "grades.1.acknowledge: 'a minute' is not a duration"),
        ('until = "120"', 'until = "911"', "grades.1.until is '911'"),
        ('results = ["self_well", "well"]', 'results = ["fine"]', "steps.handle.skip.results is 'fine'"),
        ('default_cause = "user_test"', 'default_cause = "fall"', "outcomes.test.default_cause is 'fall'"),
        ("default = true", "default = false", "results: exactly one must say default = true"),
        ("[steps.note]", "[steps.remark]", "unknown key 'remark'"),
        ("high    = 0.85", "high    = 85", "confidence.high is 85; write a number from 0 to 1"),
        ('status = "proposal"', "", "grades.1: lacks status"),
        ('zh = "跌倒", en = "Fall"', 'zh = "跌倒", en = ""', "causes.fall must give both"),
        ("opens   = 3", "opens   = 7", "opens is 7"),
        ("not_by = ", "not_buy = ", "unknown key 'not_buy'; did you mean 'not_by'?"),
    ],
)
def test_a_mistake_in_a_procedure_names_file_key_and_what_to_write(tmp_path, old, new, said):
    problems = spoilt(tmp_path, (old, new))
    assert any(said in p and str(tmp_path / "p.toml") in p for p in problems), problems


def test_all_mistakes_are_told_at_once(tmp_path):
    assert len(spoilt(tmp_path, ("opens   = 3", "opens   = 7"), ('until = "120"', 'until = "911"'))) == 2


# ------------------------------------------------------------------ random lives


OPERATIONS = st.one_of(
    st.tuples(st.just("fire"), st.sampled_from(["sos", "no_movement", "leak", "battery_low"])),
    st.tuples(st.just("clear"), st.integers(0, 3)),
    st.tuples(st.just("step"), st.sampled_from(STEPS), st.sampled_from("ab"), st.sampled_from(["", "self_well"])),
    st.tuples(st.just("go_on"), st.sampled_from("ab")),
    st.tuples(st.just("go_on"), st.sampled_from("ab")),
    st.tuples(st.just("pass"), st.sampled_from([1, 59, 60, 61, 600, 1800, 4000])),
    st.tuples(st.just("restart")),
)


class Life:
    """Two desks with the same life: one whose clock is always on time, one that restarts and whose clock comes late."""

    def __init__(self, *stores: Store) -> None:
        self.steady, self.other = (Desk(store) for store in stores)
        self.now = 0.0
        self.open: list[dict[str, Any]] = []

    def do(self, name: str, *more: Any) -> None:
        getattr(self, f"do_{name}")(*more)

    def both(self, name: str, *arguments: Any, **more: Any) -> None:
        """The same on both desks, with the same answer; a refusal is an answer, too."""
        answers: list[Any] = []
        for desk in (self.steady, self.other):
            try:
                answer = getattr(desk, name)(*arguments, **more)
                answers.append(_log(answer) if name == "step" else answer)
            except StepRefused as refused:
                answers.append(refused.reason)
        assert answers[0] == answers[1]

    def do_fire(self, name: str) -> None:
        alert = self.steady.alert(name)
        self.open.append(alert)
        self.both("fire", self.now, alert)

    def do_clear(self, which: int) -> None:
        if which < len(self.open):
            self.both("clear", self.now, self.open.pop(which))

    def do_step(self, step: str, by: str, result: str) -> None:
        self.both("step", self.now, "i-000001", step, by, result=result, outcome="false")

    def do_go_on(self, by: str) -> None:
        for told in self.steady.cases.incidents(seconds(self.now)):
            self.both("step", self.now, told.incident_id, told.main_step, by, outcome="false")

    def do_pass(self, length: int) -> None:
        """The steady desk's clock comes at every due instant; the other's only at the end."""
        end = self.now + length
        while (due := self.steady.cases.next_due()) and due <= seconds(end):
            self.steady.tick((due - T0).total_seconds())
        self.now = float(end)
        self.other.tick(self.now)
        assert self.steady.tick(self.now) == []
        assert self.steady.cases.next_due() == self.other.cases.next_due()

    def do_restart(self) -> None:
        before, at = self.other.cases, seconds(self.now)
        self.other.cases = again = Cases(self.other.store, PROCEDURES, RULES)
        assert again.incidents(at, open_only=False) == before.incidents(at, open_only=False)
        assert (again.next_due(), again.dues()) == (before.next_due(), before.dues())


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(OPERATIONS, min_size=5, max_size=16))
@example([("pass", 60), ("restart",), ("pass", 600), ("restart",), ("pass", 4000)])
@example([*[("go_on", by) for by in "aaaaaba"], ("restart",), ("pass", 1800), ("restart",), ("pass", 60)])
def test_no_timer_is_lost_doubled_or_late_whatever_happens(operations):
    """Random lives: steps, alerts, hours passing, restarts. The log folded is the live case at every restart."""
    with Store(None) as one, Store(None) as two:
        life = Life(one, two)
        life.do("fire", "sos")
        for operation in operations:
            life.do(*operation)
        life.do("restart")
        told = [desk.cases.incidents(seconds(life.now), open_only=False) for desk in (life.steady, life.other)]
        assert [_log(t) for t in told[0]] == [_log(t) for t in told[1]]
        for incident in told[0]:
            assert [s.n for s in incident.steps] == list(range(1, incident.n + 1))
            assert [s.at for s in incident.steps] == sorted(s.at for s in incident.steps)


def _log(told: Any) -> list[tuple[Any, ...]]:
    """The log without when it was known: a late clock knows a hand-over later, but it is the same hand-over."""
    return [(s.n, s.step, s.at, s.by, s.role, s.result, s.outcome, dict(s.detail)) for s in told.steps]
