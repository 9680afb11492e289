from html.parser import HTMLParser

import pytest

from splagger.reporting.report.html import Markup, element, join, table

HOSTILE = "<script>alert('x')</script> & \"more\""


def test_text_is_escaped_and_markup_is_not():
    inner = element("b", "a < b")
    assert inner == "<b>a &lt; b</b>"
    assert element("p", inner, " & ", [None, ["c", Markup("<br>")]]) == (
        "<p><b>a &lt; b</b> &amp; c<br></p>"
    )


def test_text_that_looks_like_markup_comes_back_as_text():
    texts, tags, attributes = [], [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)
            attributes.extend(attrs)

        def handle_data(self, data):
            texts.append(data)

    reader = Reader()
    reader.feed(element("p", HOSTILE, title=HOSTILE))
    reader.close()
    assert tags == ["p"]
    assert attributes == [("title", HOSTILE)]
    assert "".join(texts) == HOSTILE


def test_attributes():
    made = element("td", class_="number", aria_label="x", open=True, id=None, hidden=False, width=3)
    assert made == '<td class="number" aria-label="x" open width="3"></td>'


@pytest.mark.parametrize("tag", ["br", "img", "meta", "source"])
def test_empty_elements_have_no_end(tag: str):
    assert element(tag, id="x") == f'<{tag} id="x">'


def test_nothing_is_nothing():
    assert join(None) == join([]) == join([None, [None]]) == ""


def test_a_table_has_heads_of_columns_and_rows():
    made = table("Returns <1>", ["agent", "return"], [["rnn", "1.00"], ["a<b", None]], numbers=[1])
    assert made == (
        '<div class="scrolls" role="region" aria-label="Returns &lt;1&gt;" tabindex="0"><table>'
        '<thead><tr><th scope="col">agent</th><th class="number" scope="col">return</th></tr>'
        '</thead><tbody><tr><th scope="row">rnn</th><td class="number">1.00</td></tr>'
        '<tr><th scope="row">a&lt;b</th><td class="number"></td></tr></tbody></table></div>'
    )
