"""What is only looked at reaches the browser as HTML; what is written into or charted stays a component of Dash."""

from __future__ import annotations

import pytest
from dash import dcc, html

from layouts.parts.drawn import drawn, to_html


def test_a_view_is_written_as_html_with_every_word_escaped():
    tree = html.Div([html.B("<script>"), None, html.Time("1", dateTime="2026", **{"data-age": "ago"}),
                     html.I(style={"flexGrow": 2}, hidden=True)], className='a"b')  # fmt: skip
    assert to_html(tree) == (
        '<div class="a&quot;b"><b>&lt;script&gt;</b><time datetime="2026" data-age="ago">1</time>'
        '<i hidden style="flex-grow:2"></i></div>'
    )


def test_words_alone_are_escaped_too_because_a_string_is_html_to_the_browser():
    assert drawn("<b>1</b>") == "&lt;b&gt;1&lt;/b&gt;"


def test_yes_and_no_of_aria_and_data_are_words_and_other_attributes_stand_or_do_not():
    assert to_html(html.Button(disabled=True, hidden=False)) == "<button disabled></button>"
    assert to_html(html.Button(**{"aria-pressed": False})) == '<button aria-pressed="false"></button>'
    assert to_html(html.Button(**{"data-on": True})) == '<button data-on="true"></button>'


@pytest.mark.parametrize("tree", [html.Div(dcc.Store(id="x")), [html.Textarea("half a note")]])
def test_what_only_dash_can_show_stays_a_component(tree):
    with pytest.raises(TypeError, match=r"dash\.html has to look at has a form as HTML, found (Store|Textarea)"):
        to_html(tree)
    assert drawn(tree) is tree


@pytest.mark.parametrize(
    ("tree", "said"),
    [(html.P(html.Span(html.Div())), "ends <p> where <div>"), (html.A(html.B(html.A())), "ends <a> where <a>")],
    ids=["a block in a paragraph", "a link in a link"],
)
def test_what_a_browser_would_take_apart_is_not_handed_over_as_html(tree, said):
    with pytest.raises(TypeError, match=said):
        to_html(tree)
