"""Open vSwitch's commands inside a lab: each speaks to the switch of the node that it is run in."""

from __future__ import annotations

from sdn.lab.paths import LAB

BIN = LAB / "bin"
_COMMANDS = ("ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovs-dpctl", "ovsdb-client")
_SCRIPT = """\
#!/bin/sh
# {command}, for the switch of the node whose network namespace this is
node=$(ip netns identify $$)
if [ -z "$node" ] || [ ! -d "/run/sdn/nodes/$node" ]; then
    echo "{command}: which node? ip netns exec NODE {command} …, NODE one of:" $(ls /run/sdn/nodes) >&2
    exit 2
fi
export OVS_RUNDIR="/run/sdn/nodes/$node" OVS_DBDIR="/run/sdn/nodes/$node"
PATH=$(echo "$PATH" | sed 's#/run/sdn/bin:##g')
exec {command} "$@"
"""


def write_tools() -> None:
    """The lab's own /run has the commands; `environment` puts them first on the PATH."""
    BIN.mkdir()
    for command in _COMMANDS:
        path = BIN / command
        path.write_text(_SCRIPT.format(command=command))
        path.chmod(0o755)
