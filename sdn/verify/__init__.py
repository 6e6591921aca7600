"""Prove it: put packets in, see them pass at every hop, and hold that against the manifests and the switches' trace.

    paths/       which ways are proven, one small file each
    places       the stops of a way, from the plan           probe     what is put in, and where it should go
    oracle       what switches, routing and netfilter say    capture   frames in, and every frame seen
    witness      the three witnesses against each other      exchange  the same for real HTTP
    run          one whole verification                      report    for people and CI

It runs as a process of the lab (`python -m sdn.verify`); only `result` and `report` are for outside it.
"""
