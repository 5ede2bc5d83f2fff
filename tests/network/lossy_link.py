"""A network between Linux namespaces that loses, delays and reorders packets.

One tun device in each namespace; this process carries IP packets between them. It knows where an address lives from
the packets it sees, so a host may change its address. Needs root and /dev/net/tun.

usage: lossy_link.py SEED NAMESPACE ADDRESS [NAMESPACE ADDRESS ...]
standard input, one JSON object a line:
  {"lossPercent": 2, "delayMs": 20, "jitterMs": 15}    from now on
  {"cut": [["a", "b"], ["c"]]}                         only hosts of one group reach each other; [] heals
Answers each line, and its own start, with "ok" on standard output. Ends with its standard input.
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x0001 | 0x1000
CLONE_NEWNET = 0x40000000
LARGEST_PACKET = 65535
libc = ctypes.CDLL(None, use_errno=True)
OWN_NAMESPACE = os.open("/proc/self/ns/net", os.O_RDONLY)


def enter(handle):
    if libc.setns(handle, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns failed")


def open_device(namespace, address):
    there = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    enter(there)
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"gp0", IFF_TUN_WITHOUT_HEADER))
    finally:
        enter(OWN_NAMESPACE)
        os.close(there)
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "link", "set", "gp0", "up", "mtu", "1400"],
        ["ip", "address", "add", f"{address}/24", "dev", "gp0"],
    ):
        subprocess.run(["ip", "netns", "exec", namespace, *command], check=True)
    return device


class Link:
    def __init__(self, seed, devices):
        self.luck = random.Random(seed)
        self.devices = devices
        self.home = {}
        self.group = {}
        self.loss = self.delay = self.jitter = 0.0
        self.on_the_way = []
        self.count = 0

    def command(self, order):
        self.loss = order.get("lossPercent", self.loss * 100) / 100
        self.delay = order.get("delayMs", self.delay * 1000) / 1000
        self.jitter = order.get("jitterMs", self.jitter * 1000) / 1000
        if "cut" in order:
            self.group = {name: i for i, names in enumerate(order["cut"]) for name in names}

    def take(self, name):
        try:
            packet = os.read(self.devices[name], LARGEST_PACKET)
        except BlockingIOError:
            return
        if len(packet) < 20 or packet[0] >> 4 != 4:
            return
        self.home[packet[12:16]] = name
        target = self.home.get(packet[16:20])
        targets = [target] if target else [other for other in self.devices if other != name]
        for other in targets:
            if self.group.get(other) != self.group.get(name) or self.luck.random() < self.loss:
                continue
            due = time.monotonic() + self.delay + self.luck.random() * self.jitter
            self.count += 1
            heapq.heappush(self.on_the_way, (due, self.count, other, packet))

    def deliver(self):
        while self.on_the_way and self.on_the_way[0][0] <= time.monotonic():
            _, _, name, packet = heapq.heappop(self.on_the_way)
            try:
                os.write(self.devices[name], packet)
            except OSError:
                pass  # as a wire would: lost

    def wait(self):
        return max(0.0, self.on_the_way[0][0] - time.monotonic()) if self.on_the_way else None


def main():
    seed, *places = sys.argv[1:]
    pairs = list(zip(places[::2], places[1::2]))
    link = Link(int(seed), {name: open_device(name, address) for name, address in pairs})
    names = {device: name for name, device in link.devices.items()}
    print("ok", flush=True)
    while True:
        ready, _, _ = select.select([0, *names], [], [], link.wait())
        link.deliver()
        for handle in ready:
            if handle != 0:
                link.take(names[handle])
                continue
            line = sys.stdin.buffer.raw.readline()
            if not line:
                return
            link.command(json.loads(line))
            print("ok", flush=True)


main()
