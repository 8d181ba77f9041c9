"""Of plotly.js a page carries what its traces need, and all of it where the file is another."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.resources import files

import pytest

from dashboards import plotly_bundle as bundle
from dashboards.page import pack
from dashboards.plotly_core import UnknownBundleError, plotly_core

HELPERS = (
    "var d=Object.defineProperty;",
    "var E=(e,t,r)=>()=>{if(r)throw r[0];try{return e&&(t=e(e=0)),t}catch(i){throw r=[i],i}};",
    "var W=(e,t)=>()=>{try{return t||e((t={exports:{}}).exports,t),t.exports}catch(r){throw r}};",
    "var X=(e,t)=>{for(var r in t)d(e,r,{get:t[r],enumerable:!0})},u=e=>e;",
)
TRACES = (
    'var sc=W((e,t)=>{t.exports={moduleType:"trace",name:"scatter"}});',
    'var hm=W((e,t)=>{t.exports={moduleType:"trace",name:"heatmap",draw:hoisted}});',
    'var hn=W((e,t)=>{"use strict";t.exports=hm()});',
    'var br=W((e,t)=>{t.exports={moduleType:"trace",name:"bar",draw:onlyBar}});',
    'var ca=W((e,t)=>{t.exports={moduleType:"component",name:"calendars"}});',
)
MODULES = (
    "var ns={};",
    "X(ns,{default:()=>hoisted,two:()=>inner});",
    "function hoisted(){return'}'+/[{]/.source+filled+`${inner()}`}",
    "function inner(){}",
    "var filled,other,es=E(()=>{filled=deep();other=1});",
    "function deep(){}",
    "function onlyBar(){unused}",
    "var unused=W((e,t)=>{});",
    "var core=W((e,t)=>{t.exports=[sc(),(es(),ns)]});",
)
EFFECTS = ("globalThis.started=helper();", "var now=Date.now();", "function helper(){}")
END = "var root=W((e,t)=>{var c=core();c.register([hn(),br(),ca()]);t.exports=c});"


def script(*parts):
    body = "".join(parts or (*HELPERS, *TRACES, *MODULES, *EFFECTS, END))
    before, after = "/* licence */(()=>{", "return root();})();\n/*! more */})()"
    return f'{before}"use strict";var Plotly=(()=>{{{body}{after}'


def without(source, *gone):
    for text in gone:
        assert text in source
        source = source.replace(text, "")
    return source


def test_what_no_kept_text_names_is_left_out_and_the_rest_stays_as_it_is():
    kept = plotly_core(script(), ["scatter", "heatmap"])
    expected = without(script(), *TRACES[3:], *MODULES[6:8])
    expected = expected.replace("register([hn(),br(),ca()])", "register([hn()])")
    assert kept == expected.replace("var filled,other,es=", "var filled;var other;var es=")


def test_a_trace_that_is_not_asked_for_takes_along_what_only_it_needs():
    kept = plotly_core(script(), ["scatter"])
    assert "register([])" in kept
    for gone in (*TRACES[1:], "onlyBar"):
        assert gone not in kept
    for needed in (*EFFECTS, *HELPERS, TRACES[0], "/* licence */", "/*! more */"):
        assert needed in kept


@pytest.mark.parametrize(
    "statement",
    [
        "var a=effect();",
        "var a=W(effect());",
        "var a={b:effect()};",
        "var a=W((e,t)=>{}),b=effect();",
        "var{a}=effect();",
        "class A{static b=effect()}",
        "X(ns,{a:effect()});",
        "X(ns);",
        "if(effect()){}",
    ],
)
def test_what_may_do_more_than_declare_is_kept(statement):
    source = script(*HELPERS, *TRACES, *MODULES, f"{statement};function effect(){{}}", END)
    kept = plotly_core(source, ["scatter"])
    assert statement in kept
    assert ("function effect" in kept) == ("effect" in statement)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("var Plotly=function(){}()", "there is no var Plotly"),
        (script(*HELPERS, *TRACES, *MODULES), "registered in 0 places"),
        (script(*HELPERS, *TRACES, *MODULES, END, END), "registered in 2 places"),
        (script(*TRACES, *MODULES, END), "helpers are not where they were"),
        (script(*HELPERS, *TRACES, *MODULES, "a={}/2/b;", END), "may divide"),
        (script(*HELPERS, *TRACES[1:], *MODULES, END), "no trace scatter"),
    ],
)
def test_a_file_that_is_built_in_another_way_is_refused(source, why):
    with pytest.raises(UnknownBundleError, match=why):
        plotly_core(source, ["scatter", "heatmap"])


def unpacked(packed):
    return gzip.decompress(base64.b64decode(packed)).decode()


def test_the_locked_version_is_known_and_its_part_for_the_pages_is_small():
    found = bundle.plotly_bundle()
    assert found.whole == ""
    assert len(found.packed) < 600_000
    text = unpacked(found.packed)
    assert text == plotly_core(plotly_js(), bundle.TRACES)
    assert "Licensed under the MIT license" in text
    assert "Bundled license information" in text


def plotly_js():
    return files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")


def test_an_unknown_version_is_packed_whole_and_says_so(monkeypatch):
    def refuse(source, traces):
        raise UnknownBundleError("built otherwise")

    monkeypatch.setattr(bundle, "plotly_core", refuse)
    found = bundle.plotly_bundle.__wrapped__()
    assert found.whole == "built otherwise"
    assert unpacked(found.packed) == plotly_js()
    assert len(found.style_ids) >= len(bundle.plotly_bundle().style_ids)


def test_a_figure_that_the_page_cannot_draw_is_refused_when_the_page_is_made():
    figure = json.dumps({"data": [{"type": "scatter"}, {"type": "bar"}], "layout": {}})
    with pytest.raises(ValueError, match="curve has a trace of type 'bar'"):
        pack("report.html.j2", {}, {"curve": figure})
