"""Lines of rules, right and wrong: what Hypothesis draws from.

Not drawn is what we refuse and Open vSwitch takes without a word, reading something that nobody wrote: the numbers -1,
1.5 and 0x, the address 10.0.0.256, a group or conjunction of more than 32 bits, a register without its bits, a part of
ct or drop twice, nat to the address 10.0.0.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy


def words(text: str) -> SearchStrategy[str]:
    """One of the words."""
    return st.sampled_from(text.split())


def numbers(bits: int) -> SearchStrategy[str]:
    """Numbers that fit, and some that do not."""
    inside = st.one_of(st.integers(0, 300), st.integers(0, (1 << bits) - 1)).filter(lambda n: n < 1 << bits)
    return st.one_of(
        inside.map(str),
        inside.map(hex),
        st.sampled_from([str(1 << bits), "x", hex((1 << bits) - 1)]),
    )


ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str), st.sampled_from(["10.0.0.1", "10.0.0", "::1", "a.b.c.d", "10.0.0.1.2"])
)
PREFIXES = st.sampled_from(
    ["0.0.0.0/0", "10.0.0.0/8", "10.248.4.0/24", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/255.0.0.0"]
)
MACS = st.one_of(
    st.binary(min_size=6, max_size=6).map(lambda b: b.hex(":")),
    st.sampled_from(["0a:58:0A:f8:00:02", "0a:58", "0a:58:0a:f8:00:zz", "0a:00:00:00:00:00/ff:00:00:00:00:00"]),
)
CT_STATES = st.lists(
    st.tuples(st.sampled_from("+-"), words("new est rel rpl inv trk snat dnat nix")),
    min_size=1,
    max_size=3,
).map(lambda flags: "".join(sign + flag for sign, flag in flags))
TCP_FLAGS = st.lists(
    st.tuples(st.sampled_from("+-"), words("fin syn rst psh ack urg ece cwr ns xyz")),
    min_size=1,
    max_size=3,
).map(lambda flags: "".join(sign + flag for sign, flag in flags))
MASKED = st.sampled_from(["0x10/0xf0", "0/1", "0x8000/0x8000", "16/0xfffff", "0x10/", "/5"])

ADDRESS_OR_PREFIX = st.one_of(ADDRESSES, PREFIXES)
FIELDS: dict[str, SearchStrategy[str]] = {
    "in_port": st.one_of(st.integers(1, 0xFEFF).map(str), st.sampled_from(["LOCAL", "x", "1/1"])),
    "dl_src": MACS,
    "dl_dst": MACS,
    "nw_src": ADDRESS_OR_PREFIX,
    "nw_dst": ADDRESS_OR_PREFIX,
    "nw_proto": numbers(8),
    "nw_frag": st.sampled_from(["no", "yes", "first", "later", "not_later", "never"]),
    "tp_src": st.one_of(numbers(16), MASKED),
    "tp_dst": st.one_of(numbers(16), MASKED),
    "tcp_flags": TCP_FLAGS,
    "icmp_type": numbers(8),
    "icmp_code": numbers(8),
    "arp_op": numbers(8),
    "arp_spa": ADDRESS_OR_PREFIX,
    "arp_tpa": ADDRESS_OR_PREFIX,
    "arp_sha": MACS,
    "arp_tha": MACS,
    "tun_id": st.one_of(numbers(64), MASKED),
    "tun_src": ADDRESS_OR_PREFIX,
    "tun_dst": ADDRESS_OR_PREFIX,
    "reg0": st.one_of(numbers(32), MASKED),
    "reg7": st.one_of(numbers(32), MASKED),
    "metadata": st.one_of(numbers(64), MASKED),
    "pkt_mark": st.one_of(numbers(32), MASKED),
    "ct_state": CT_STATES,
    "ct_zone": st.one_of(numbers(16), MASKED),
    "ct_mark": st.one_of(numbers(32), MASKED),
    "ct_label": st.one_of(numbers(128), MASKED),
    "conj_id": st.one_of(numbers(32), MASKED),
}
ANYWHERE = (
    "in_port dl_src dl_dst tun_id tun_src tun_dst reg0 reg7 metadata pkt_mark ct_state ct_zone ct_mark ct_label conj_id"
)
FITTING = {
    "": "",
    "ip": "nw_src nw_dst nw_proto nw_frag",
    "arp": "arp_op arp_spa arp_tpa arp_sha arp_tha",
    "icmp": "nw_src nw_dst nw_frag icmp_type icmp_code",
    "tcp": "nw_src nw_dst nw_frag tp_src tp_dst tcp_flags",
    "udp": "nw_src nw_dst nw_frag tp_src tp_dst",
    "sctp": "nw_src nw_dst nw_frag tp_src tp_dst",
}


@st.composite
def matches(draw: st.DrawFn) -> str:
    """A match; mostly of fields that fit together."""
    protocol = draw(st.sampled_from(sorted(FITTING)))
    fitting = FITTING[protocol].split()
    names = st.sampled_from(fitting * 3 + ANYWHERE.split())
    if draw(st.integers(0, 3)) == 0:
        names = st.sampled_from(sorted(FIELDS))
    chosen = draw(st.lists(names, max_size=4, unique=True))
    return ",".join([protocol] * bool(protocol) + [f"{name}={draw(FIELDS[name])}" for name in chosen])


REGISTERS = words(
    "NXM_NX_REG0 NXM_NX_REG7 NXM_NX_TUN_ID NXM_NX_TUN_IPV4_DST NXM_OF_ETH_SRC NXM_OF_IP_DST NXM_OF_ARP_OP "
    "NXM_NX_ARP_SHA NXM_OF_ARP_TPA NXM_NX_PKT_MARK NXM_NX_CT_MARK NXM_NX_NIX"
)
SLICES = st.tuples(
    REGISTERS, st.sampled_from(["[]", "[0..31]", "[0..15]", "[4]", "[16..31]", "[40..47]", "[3..1]"])
).map("".join)
WRITES = st.one_of(
    st.tuples(numbers(16), SLICES).map(lambda pair: f"load:{pair[0]}->{pair[1]}"),
    st.tuples(SLICES, SLICES).map(lambda pair: f"move:{pair[0]}->{pair[1]}"),
    st.tuples(
        st.one_of(ADDRESS_OR_PREFIX, MACS, numbers(16)),
        words("dl_src dl_dst nw_src nw_dst arp_spa arp_sha arp_op tun_id tun_dst reg0 ct_mark nix nw_proto tp_dst"),
    ).map(lambda pair: f"set_field:{pair[0]}->{pair[1]}"),
)
GROUPS = st.integers(0, (1 << 31) - 1).map(str)
TABLE = st.sampled_from(["service", "to_pod", "nowhere"])


def _kind(part: str) -> str:
    return re.split(r"[=(]", part)[0]


CT_PARTS = st.lists(
    st.one_of(
        st.sampled_from(["commit", "force", "nat", "nat(src=10.0.0.1)", "nat(dst=10.0.0.1-10.0.0.9:80-90,random)"]),
        st.sampled_from(["nat(up=10.0.0.1)", "nat(src=10.0.0.1,often)", "comit"]),
        TABLE.map("table={}".format),
        WRITES.map("exec({})".format),
    ),
    max_size=4,
    unique_by=_kind,
).map(lambda parts: ",".join(["zone=5", *parts]))
ACTIONS = st.lists(
    st.one_of(
        WRITES,
        CT_PARTS.map("ct({})".format),
        st.one_of(st.integers(1, 0xFEFF).map(str), SLICES, st.just("LOCAL")).map("output:{}".format),
        TABLE.map("goto_table:{}".format),
        TABLE.map("resubmit(,{})".format),
        TABLE.map("resubmit(5,{})".format),
        GROUPS.map("group:{}".format),
        st.tuples(GROUPS, st.integers(0, 4), st.integers(0, 65)).map(lambda n: f"conjunction({n[0]},{n[1]}/{n[2]})"),
        st.sampled_from(["drop", "dec_ttl", "note:02.01", "note:2", "dec_tttl", "output", "output:"]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda action: action if action == "drop" else object(),
).map(",".join)
