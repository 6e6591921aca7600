"""One line to one rule, and what is refused."""

from __future__ import annotations

import pytest

from sdn.errors import PipelineError
from sdn.pipeline import Action, MatchField, Origin, Tables, ofctl_text, parse_flow

ORIGIN = Origin("flows/20-from-pod.flows", 7)


def test_a_rule_is_taken_apart(tables: Tables) -> None:
    line = (
        "table=from_pod, priority=100, cookie=0x7, in_port=3, ip, nw_src=10.248.0.0/14,ct_state=+est, "
        "actions=load:5->NXM_NX_REG0[], ct(commit, zone=65520), goto_table:policy_egress"
    )
    flow = parse_flow(line, tables, ORIGIN)
    assert (flow.table, flow.number, flow.priority, flow.cookie) == ("from_pod", 20, 100, 7)
    assert flow.match == (
        MatchField("in_port", "3", ""),
        MatchField("ip", "", ""),
        MatchField("nw_src", "10.248.0.0", "14"),
        MatchField("ct_state", "+est", ""),
    )
    assert flow.actions == (
        Action("load", "5->NXM_NX_REG0[]"),
        Action("ct", "commit,zone=65520"),
        Action("goto_table", "policy_egress"),
    )
    assert flow.origin == ORIGIN


def test_the_line_of_a_rule_reads_back_as_the_same_rule(tables: Tables) -> None:
    flow = parse_flow("table=route , priority = 5,  actions=drop".replace(" = ", "="), tables)
    again = parse_flow(flow.line, tables)
    assert (again, again.line, again.identity) == (flow, flow.line, flow.identity)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ip,nw_src=10.0.0.1", "ip,nw_src=10.0.0.1/32"),
        ("ip,nw_src=10.0.0.0/8", "nw_src=10.0.0.0/255.0.0.0,ip"),
        ("ip,nw_src=0.0.0.0/0", "ip"),
        ("tcp", "ip,nw_proto=6"),
        ("reg0=16", "reg0=0x10/0xffffffff"),
        ("dl_src=0a:58:00:00:00:01", "dl_src=0A:58:00:00:00:01/ff:ff:ff:ff:ff:ff"),
        ("ct_state=+est-rel", "ct_state=-rel+est"),
        ("udp,nw_frag=no", "nw_frag=no,udp"),
    ],
)
def test_what_means_the_same_is_the_same(tables: Tables, one: str, other: str) -> None:
    flows = [parse_flow(f"table=route,priority=1,{match},actions=drop", tables) for match in (one, other)]
    assert flows[0].identity == flows[1].identity
    assert flows[0] != flows[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ip,nw_src=10.0.0.0/8", "ip,nw_src=10.0.0.0/9"),
        ("ip,nw_src=10.0.0.1", "ip,nw_dst=10.0.0.1"),
        ("tcp,tp_dst=80", "udp,tp_dst=80"),
        ("ct_state=+est", "ct_state=-est"),
        ("reg0=1", "reg1=1"),
        ("ip", "arp"),
        ("ip", "ip,nw_frag=no"),
    ],
)
def test_what_means_another_thing_is_another(tables: Tables, one: str, other: str) -> None:
    flows = [parse_flow(f"table=route,priority=1,{match},actions=drop", tables) for match in (one, other)]
    assert flows[0].identity != flows[1].identity


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("priority=1,actions=drop", "unknown table ''"),
        ("table=rout,priority=1,actions=drop", "did you mean route"),
        ("table=31,priority=1,actions=drop", "unknown table '31'"),
        ("table=route,actions=drop", "no priority="),
        ("table=route,priority=65536,actions=drop", "too wide"),
        ("table=route,priority=-1,actions=drop", "not a number"),
        ("table=route,priority=1,priority=2,actions=drop", "twice"),
        ("table=route,priority=1", "no actions="),
        ("table=route,priority=1,actions=", "not an action"),
        ("table=route,priority=1,actions=drop # why", "not an action"),
        ("table=route,priority=1,actions=drop,priority=2", "not an action"),
        ("table=route,priority=1,actions=drop,drop", "beside another"),
        ("table=route,priority=1,actions=output:1,drop", "beside another"),
        ("table=route,priority=1,actions=drp", "did you mean drop"),
        ("table=route,priority=1,actions=goto_table:route", "onward"),
        ("table=route,priority=1,actions=goto_table:classify", "onward"),
        ("table=route,priority=1,actions=goto_table:servce", "did you mean service"),
        ("table=route,priority=1,actions=goto_table:service,output:1", "last"),
        ("table=route,priority=1,ip,actions=ct(table=nowhere,zone=1)", "unknown table"),
        ("table=route,priority=1,actions=resubmit(,nowhere)", "unknown table"),
        ("table=route,priority=1,actions=resubmit(route)", "expected"),
        ("table=route,priority=1,ip,actions=ct(commit)", "no zone"),
        ("table=route,priority=1,ip,actions=ct(commit,zone=65536)", "too wide"),
        ("table=route,priority=1,ip,actions=ct(comit,zone=1)", "did you mean commit"),
        ("table=route,priority=1,actions=ct(commit,zone=1)", "ct needs"),
        ("table=route,priority=1,arp,actions=ct(commit,zone=1)", "ct needs"),
        ("table=route,priority=1,actions=conjunction(5,1/2),output:1", "beside another"),
        ("table=route,priority=1,udp,nw_frag=later,tp_dst=80,actions=drop", "later fragment"),
        ("table=route,priority=1,ip,actions=ct(zone=1,nat(src=10.0.0.1))", "need commit"),
        ("table=route,priority=1,ip,actions=ct(zone=1,exec(load:1->NXM_NX_CT_MARK[]))", "need commit"),
        ("table=route,priority=1,ip,actions=ct(commit,zone=1,exec(load:1->NXM_NX_REG0[]))", "inside|outside"),
        ("table=route,priority=1,actions=load:1->NXM_NX_CT_MARK[]", "inside"),
        ("table=route,priority=1,actions=load:0x100000000->NXM_NX_REG0[]", "too wide"),
        ("table=route,priority=1,actions=load:16->NXM_NX_REG0[0..3]", "too wide"),
        ("table=route,priority=1,actions=load:1->NXM_NX_REG0[0..32]", "bits 0 to 31"),
        ("table=route,priority=1,actions=load:1->NXM_NX_REG99[]", "unknown register"),
        ("table=route,priority=1,actions=move:NXM_NX_REG0[]->NXM_NX_TUN_ID[]", "64"),
        ("table=route,priority=1,actions=set_field:1.2.3.4->nw_dst", "needs"),
        ("table=route,priority=1,udp,actions=set_field:80->tp_dst", "needs tcp"),
        ("table=route,priority=1,actions=set_field:1.2.3->tun_dst", "not an IPv4 address"),
        ("table=route,priority=1,actions=output", "not a number"),
        ("table=route,priority=1,actions=output:65280", "not a port"),
        ("table=route,priority=1,actions=ct(zone=1", "brackets|argument"),
        ("table=route,priority=1,tp_dst=80,actions=drop", "needs"),
        ("table=route,priority=1,ip,tp_dst=80,actions=drop", "needs"),
        ("table=route,priority=1,nw_src=10.0.0.1,actions=drop", "needs"),
        ("table=route,priority=1,arp,nw_src=10.0.0.1,actions=drop", "needs"),
        ("table=route,priority=1,ip,arp_spa=10.0.0.1,actions=drop", "needs"),
        ("table=route,priority=1,udp,tcp_flags=+syn,actions=drop", "needs"),
        ("table=route,priority=1,tcp,udp,actions=drop", "one protocol"),
        ("table=route,priority=1,ip,nw_src=1.1.1.1,nw_src=2.2.2.2,actions=drop", "twice"),
        ("table=route,priority=1,ip,nw_src=10.0.0.1/24,actions=drop", "outside the mask"),
        ("table=route,priority=1,ip,nw_src=10.0.0.0/33,actions=drop", "prefix length"),
        ("table=route,priority=1,ip,nw_src=10.0.0,actions=drop", "not an IPv4 address"),
        ("table=route,priority=1,reg0=4294967296,actions=drop", "too wide"),
        ("table=route,priority=1,reg0=010,actions=drop", "not a number"),
        ("table=route,priority=1,reg0=5/4,actions=drop", "outside the mask"),
        ("table=route,priority=1,reg8=5,actions=drop", "unknown field"),
        ("table=route,priority=1,in_port=5/4,actions=drop", "no mask"),
        ("table=route,priority=1,reg0,actions=drop", "no value"),
        ("table=route,priority=1,ip=5,actions=drop", "takes no value"),
        ("table=route,priority=1,nw_scr=5,actions=drop", "did you mean nw_src"),
        ("table=route,priority=1,eth_src=0a:58:00:00:00:01,actions=drop", "did you mean dl_src"),
        ("table=route,priority=1,ct_state=est,actions=drop", "ct_state"),
        ("table=route,priority=1,ct_state=+est-est,actions=drop", "twice"),
        ("table=route,priority=1,ct_state=+etc,actions=drop", "ct_state"),
        ("table=route,priority=1,ip,nw_frag=maybe,actions=drop", "nw_frag"),
        ("table=route,priority=1,dl_src=0a:58:00:00:00,actions=drop", "not an Ethernet address"),
        ("table=route,priority=1,cookie=0x1ffffffffffffffff,actions=drop", "too wide"),
        ("table=route,priority=1,actions=conjunction(5,3/2)", "expected"),
        ("table=route,priority=1,actions=note:1.2", "expected bytes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_origin(tables: Tables, line: str, told: str) -> None:
    with pytest.raises(PipelineError, match=told) as caught:
        parse_flow(line, tables, ORIGIN)
    assert str(caught.value).startswith("flows/20-from-pod.flows:7: ")


def test_ovs_ofctl_gets_numbers_for_names(tables: Tables) -> None:
    line = "table=route,priority=1,ip,actions=resubmit(,to_pod),ct(table=classify,zone=1,nat),goto_table:service"
    text = ofctl_text([parse_flow(line, tables)], tables)
    assert text == "cookie=0x0,table=31,priority=1,ip actions=resubmit(,70),ct(table=0,zone=1,nat),goto_table:60\n"
