"""The house: four rooms (actors) and what they stand on.

- ``system``: the door for programs; ``doors``: the doors for people.
- ``wiring``: the only module that knows everybody; ``conversation``: who is told what; ``settings``: what can be set.
- ``importing``: files into a store; ``inspecting``: what a store holds, and whether it is what was certified.
- ``session_data``, ``stream_coordinator``, ``data_upkeep``, ``system_manager``: the rooms.
- ``storage``, ``feeds``, ``vendors``: where bars rest, where they come from, how others write them down.
- ``kernel``: how rooms talk, the only place that knows Pykka; ``market``: pure rules of sessions and bars.
"""
