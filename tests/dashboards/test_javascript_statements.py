"""A script is cut where its statements end, whatever its strings and expressions hold."""

from __future__ import annotations

import pytest

from dashboards.javascript_statements import UndecidedError, statements


def cut(inside):
    text = f"before(()=>{{{inside}}});after"
    first = text.index("{") + 1
    found, end = statements(text, first)
    assert "".join(s.text for s in found) == inside
    assert text[end:] == "});after"
    return [s.text for s in found]


@pytest.mark.parametrize(
    "first",
    [
        r"""var a="}\";{";""",
        r"""var a='/*;"';""",
        "var a=f('a;b',[1,{b:2}]);",
        "var a=/[/}]{2,};\\//g.test(b)?/[\\]\"]/:/'/u;",
        "var a=b/c,d=e/2;",
        "var a=(b)/c[1]/d;",
        "if(b)/}/.exec(c);",
        "var a=b.return/c,d='/';",
        "var a=()=>{return/{/.test(b)};",
        "var a=b+/}/.source;",
        "var a=`}${b?`{${c({d:'}'})}`:/`/};${'`'}\\`$`;",
        "var a=b/* }; */;",
        "var a=1,// };\nb=2;",
        "a.b=function(){c;d};",
        "for(;;){a;b;break};",
        ";",
    ],
)
def test_a_statement_ends_at_its_own_semicolon(first):
    assert cut(f"{first}var z=1;") == [first, "var z=1;"]


def test_a_function_is_a_statement_without_a_semicolon():
    functions = ["function a(){b;c}", "async function d(e){}", "function*f({g}){}"]
    assert cut("".join((*functions, "return a()"))) == [*functions, "return a()"]


def test_a_function_that_is_a_value_is_none():
    assert cut("var a=function(){}.b;function c(){}") == ["var a=function(){}.b;", "function c(){}"]


def test_an_outline_holds_the_names_and_empty_groups():
    text = "{var a=W(()=>{b;c}),d={e:1},f='g;',h=/;/,i=[`;`]/* j */;}"
    assert statements(text, 1)[0][0].outline == 'var a=W(),d={},f="",h=//,i=[] ;'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{a(;}", "do not match"),
        ("{a(b};", "do not match"),
        ("{a", "does not end"),
        ("{a(b", "does not end"),
        ("{a=`b${c`;}", "does not end"),
        ("{a='b\n';}", "does not end"),
        ("{a=b(/c);}", "does not end"),
        ("{a=1)", r"ends with a \)"),
        ("{a={}/b/c;}", "may divide"),
        ("{a=b++/c;}", "may divide"),
    ],
)
def test_what_cannot_be_told_is_refused(text, why):
    with pytest.raises(UndecidedError, match=why):
        statements(text, 1)
