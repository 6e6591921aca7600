"""What netfilter does on a node: masquerade what leaves the cluster network, and keep the outside out of it.

OpenShift's chains (openshift/sdn `pkg/network/node/iptables.go`) as one nftables ruleset, with one deviation: a new
connection from outside to a pod's own address is dropped. OpenShift forwards it, so that whoever can add a route to a
node reaches every pod.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network

_RULESET = """\
table ip sdn {{
  set cluster {{ type ipv4_addr; flags interval; elements = {{ {cluster} }} }}
  chain notrack {{
    type filter hook prerouting priority raw;
    udp dport {vxlan} notrack
  }}
  chain notrack-out {{
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
