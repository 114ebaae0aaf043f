"""The state of libbuddy in a debugger: a live process or a core file.

    gdb -x preload/gdb.py PROGRAM [CORE]      or, in gdb: source preload/gdb.py

    buddy zones          the zones, and their free blocks by order
    buddy slabs          the caches that have slabs, and their objects
    buddy threads        what each thread keeps
    buddy page ADDRESS   what an address is: page, slab, object, free or not

Nothing is called in the process. The library's debug information is needed,
which it has unless it was stripped. Sizes and places are read from that, but
for those that the compiler does not tell, which stand below.
"""

import gdb

# From lib/mm/page.h, lib/mm/zone.h, lib/slab/kmem_cache.h and
# lib/slab/thread_list.h.
PAGE_SHIFT = 16
ZONE_SHIFT = 32
MEM_MAP_OFFSET = (1 << PAGE_SHIFT) - 43 * 64
ZONE_PAGES = 1 << (ZONE_SHIFT - PAGE_SHIFT)
ADDRESS_BITS = 48
PG_HUGE = 4
STATE_BITS = 2
FIRST_INTERNAL = 77  # caches: the size classes are before
SLOT_NAMES = ["none", "zone", "huge run", "huge run, further on",
              "huge run that is gone"]
STATE_NAMES = ["free", "live", "ending", "lost"]


def integer(value):
    """A number of the process as one of ours."""
    return int(value)


def symbol(name):
    """A global or static variable of the library."""
    found = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
    if found is None:
        raise gdb.GdbError(
            f"buddy: no variable {name}: is libbuddy loaded, with its debug "
            "information?")
    return found.value()


def page_types():
    """The names of enum page_type, by value."""
    symbol("zones")  # says what is wrong when the library is not there
    fields = gdb.lookup_type("enum page_type").fields()
    return {integer(f.enumval): f.name.replace("PAGE_", "").lower()
            for f in fields}


def pointer(address, type_name):
    """An address as a pointer to a type of the library."""
    target = gdb.lookup_type(type_name).pointer()
    return gdb.Value(address).cast(target)


def zones():
    """The zones, by id."""
    table = symbol("zones")
    return [table[i] for i in range(integer(symbol("nr_zones")))]


def page_at(base, index):
    """The struct page of a page, by its index in the zone at base."""
    return pointer(base + MEM_MAP_OFFSET, "struct page") + index


def extent(page, names):
    """How many pages a head speaks for."""
    kind = names.get(integer(page["type"]))
    if kind in ("run", "isolated"):
        return integer(page["nr"])
    return 1 << integer(page["order"])


# ---- zones -----------------------------------------------------------------


def print_zone(zone):
    """One zone, in a few lines."""
    pages = {name: integer(zone[name]) for name in (
        "first_page", "online", "span", "nr_free", "nr_free_dirty",
        "nr_guard", "nr_isolated", "nr_bad")}
    print(f"zone {integer(zone['id'])} at {integer(zone):#x}: "
          f"{pages['online'] - pages['first_page']} pages online of "
          f"{pages['span']}, {pages['nr_free']} free "
          f"({pages['nr_free_dirty']} dirty), {pages['nr_guard']} guard, "
          f"{pages['nr_isolated']} isolated, {pages['nr_bad']} bad")
    areas = zone["free_area"]
    last = areas.type.range()[1]
    counts = [integer(areas[order]["nr_free"]) for order in range(last + 1)]
    print("  free blocks by order: " + " ".join(map(str, counts)))
    word = integer(zone["lock"]["word"])
    print(f"  lock: {'held' if word & 1 else 'free'}"
          f"{', with waiters' if word & 2 else ''}")


# ---- slabs -----------------------------------------------------------------


def heads(kinds):
    """Yields (zone, index, page) of the heads of these types."""
    names = page_types()
    for zone in zones():
        base = integer(zone)
        index = integer(zone["first_page"])
        online = integer(zone["online"])
        while index < online:
            page = page_at(base, index)
            kind = names.get(integer(page["type"]))
            if kind in kinds:
                yield zone, index, page
            index += 1 if kind == "tail" else extent(page, names)


def cache_name(cache):
    """As slabinfo shows it."""
    size = integer(cache["size"])
    index = integer(cache["index"])
    names = symbol("kmem_cache_names")
    user = index - (symbol("kmem_caches").type.range()[1] -
                    names.type.range()[1])
    if user >= 0:
        return names[user].string()
    if index < FIRST_INTERNAL:
        return f"kmalloc-{size}"
    return "thread_cache" if index == FIRST_INTERNAL else f"magazine-{size}"


def kept_objects(cache):
    """Objects of a cache in all threads' magazines."""
    total = 0
    for tc in thread_caches():
        capacity = integer(tc["capacity"][cache])
        if capacity:
            array = tc["end"][cache] - capacity
            total += integer(tc["top"][cache] - array)
    return total


def objects_in_slab(page):
    """How many objects a slab has."""
    return integer(symbol("kmem_caches")[integer(page["cache"])]["nr_objects"])


def free_in_slab(page):
    """How many of them are free in its bitmap."""
    words = (objects_in_slab(page) + 63) // 64
    return sum(bin(integer(page["bitmap"][w])).count("1")
               for w in range(words))


def print_slabs():
    """A row for each cache that has slabs."""
    found = {}
    for _, _, page in heads({"slab"}):
        row = found.setdefault(integer(page["cache"]), [0, 0, 0])
        row[0] += 1
        row[1] += objects_in_slab(page)
        row[2] += free_in_slab(page)
    print(f"{'cache':20} {'size':>7} {'slabs':>6} {'objects':>8} "
          f"{'in slabs':>9} {'kept':>7} {'in use':>7}")
    for index in sorted(found):
        cache = symbol("kmem_caches")[index]
        slabs, objects, free = found[index]
        kept = kept_objects(index)
        print(f"{cache_name(cache):20} {integer(cache['size']):>7} "
              f"{slabs:>6} {objects:>8} {free:>9} {kept:>7} "
              f"{objects - free - kept:>7}")


# ---- threads ---------------------------------------------------------------


def thread_caches():
    """The caches of all threads, also of those that ended."""
    tc = symbol("all_caches")
    while integer(tc):
        yield tc
        tc = tc["next"]


def print_threads():
    """A line for each thread cache."""
    for tc in thread_caches():
        state = integer(tc["state"])
        name = STATE_NAMES[state & ((1 << STATE_BITS) - 1)]
        owner = f" of thread {state >> STATE_BITS}" if name == "live" else ""
        last = tc["capacity"].type.range()[1]
        objects = 0
        for cache in range(last + 1):
            capacity = integer(tc["capacity"][cache])
            if capacity:
                objects += integer(tc["top"][cache] -
                                   (tc["end"][cache] - capacity))
        pcp = tc["mm"]["pcp"]
        print(f"cache at {integer(tc):#x}, {name}{owner}: {objects} objects "
              f"in magazines of {integer(tc['bytes'])} bytes, pcp "
              f"{integer(pcp['count'])} pages (high {integer(pcp['high'])}, "
              f"batch {integer(pcp['batch'])}), "
              f"{integer(tc['mm']['runs']['pages'])} pages in runs"
              f"{', at work' if integer(tc['working']) else ''}")


# ---- addresses -------------------------------------------------------------


def find_magazine(address, cache):
    """The thread cache that keeps an object, or None."""
    for tc in thread_caches():
        capacity = integer(tc["capacity"][cache])
        if not capacity:
            continue
        slot = tc["end"][cache] - capacity + 1
        while slot <= tc["top"][cache]:
            if integer(slot.dereference()) == address:
                return tc
            slot += 1
    return None


def print_object(page, start, address):
    """Which object of a slab an address is in."""
    index = integer(page["cache"])
    cache = symbol("kmem_caches")[index]
    size = integer(cache["size"])
    number, inside = divmod(address - start, size)
    objects = objects_in_slab(page)
    print(f"  slab: cache {cache_name(cache)}, {free_in_slab(page)} of "
          f"{objects} objects of {size} bytes free in the slab")
    if number >= objects:
        print("  behind the last object")
        return
    word = integer(page["bitmap"][number // 64])
    first = start + number * size
    if word >> number % 64 & 1:
        state = "free, in the slab"
    elif find_magazine(first, index):
        tc = find_magazine(first, index)
        state = f"free, in a magazine of the cache at {integer(tc):#x}"
    else:
        state = "in use"
    print(f"  object {number} at {first:#x}, {inside} bytes into it: {state}")


def print_head(zone, index, address, names):
    """The page that an address is in, and what it belongs to."""
    base = integer(zone)
    head = index
    while head > integer(zone["first_page"]) and \
            names.get(integer(page_at(base, head)["type"])) == "tail":
        head -= 1
    page = page_at(base, head)
    kind = names.get(integer(page["type"]), "of no type")
    if kind == "tail" or index - head >= extent(page, names):
        print("  inside nothing: never used")
        return
    start = base + (head << PAGE_SHIFT)
    print(f"  {kind}: {extent(page, names)} pages from {start:#x}, order "
          f"{integer(page['order'])}, flags {integer(page['flags']):#x}")
    if kind == "slab":
        print_object(page, start, address)


def print_huge(address, slot, slots):
    """The huge run that an address is in."""
    while slots[slot] == 3:
        slot -= 1
    if slots[slot] != 1 and slots[slot] != 2:
        return
    base = slot << ZONE_SHIFT
    zone = pointer(base, "struct zone")
    first = integer(zone["first_page"])
    page = page_at(base, first)
    print(f"  a huge run of {integer(page['bytes'])} bytes, from "
          f"{base + (first << PAGE_SHIFT):#x}")
    print(f"  {address - base - (first << PAGE_SHIFT)} bytes into it")


def print_address(address):
    """All that is known of an address."""
    slot = address >> ZONE_SHIFT
    if slot >> (ADDRESS_BITS - ZONE_SHIFT):
        print(f"{address:#x}: no address of a process")
        return
    slots = symbol("slot_map")
    state = integer(slots[slot])
    print(f"{address:#x}: {SLOT_NAMES[state]}")
    if state in (2, 3):
        print_huge(address, slot, slots)
    if state != 1:
        return
    zone = pointer(slot << ZONE_SHIFT, "struct zone")
    index = (address >> PAGE_SHIFT) & (ZONE_PAGES - 1)
    print(f"  page {index} of zone {integer(zone['id'])}")
    if index < integer(zone["first_page"]):
        print("  libbuddy's own data about the zone")
    elif index >= integer(zone["online"]):
        print("  not online")
    else:
        print_head(zone, index, address, page_types())


# ---- the command -----------------------------------------------------------


class Buddy(gdb.Command):
    """The state of libbuddy: buddy zones, slabs, threads, page ADDRESS."""

    def __init__(self):
        super().__init__("buddy", gdb.COMMAND_DATA)

    def complete(self, text, word):
        """The first word; gdb calls this by this name."""
        del text
        return [name for name in ("zones", "slabs", "threads", "page")
                if name.startswith(word)]

    def invoke(self, argument, from_tty):
        """Runs one command line."""
        del from_tty
        what, _, rest = argument.strip().partition(" ")
        if what == "zones":
            for zone in zones():
                print_zone(zone)
        elif what == "slabs":
            print_slabs()
        elif what == "threads":
            print_threads()
        elif what == "page" and rest:
            print_address(integer(gdb.parse_and_eval(rest)) % (1 << 64))
        else:
            raise gdb.GdbError("usage: buddy zones | slabs | threads | "
                               "page ADDRESS")


Buddy()
