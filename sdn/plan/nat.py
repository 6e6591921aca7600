"""What netfilter does on a node: masquerade what leaves the cluster network, and keep the outside out of it.

The userspace datapath only listens to its devices: the node's kernel sees every frame of a pod's wire and of `eth0`
too, and would answer ARP there, or route what a pod sends to the wire's own MAC, past every rule of the switch. So
the kernel drops what comes in by a switch's port (the kernel datapath takes those frames before netfilter sees them).

OpenShift's chains (openshift/sdn `pkg/network/node/iptables.go`) as one nftables ruleset, with one deviation: a new
connection from outside to a pod's own address is dropped. OpenShift forwards it, so that whoever can add a route to a
node reaches every pod.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

_RULESET = """\
table arp sdn {{
  chain ports {{
    type filter hook input priority filter;
    iifname "veth*" drop
    iifname "eth0" drop
  }}
}}
table ip sdn {{
  set cluster {{ type ipv4_addr; flags interval; elements = {{ {cluster} }} }}
  chain ports {{
    type filter hook prerouting priority raw;
    iifname "veth*" counter drop comment "a switch's port: only the switch takes it"
    iifname "eth0" counter drop comment "a switch's port: only the switch takes it"
    udp dport {vxlan} notrack
  }}
  chain untracked_out {{
    type filter hook output priority raw;
    udp dport {vxlan} notrack
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state invalid counter drop
    ct state established,related accept
    iifname "tun0" ip saddr @cluster accept
    ct status dnat accept
    oifname "tun0" ip daddr @cluster counter drop comment "from outside to a pod"
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr @cluster ip daddr != @cluster counter masquerade
  }}
}}
"""


def node_filter(cluster: Iterable[IPv4Network], vxlan_udp_port: int) -> str:
    """The ruleset of a node, for `nft -f -`."""
    return _RULESET.format(cluster=", ".join(map(str, cluster)), vxlan=vxlan_udp_port)
