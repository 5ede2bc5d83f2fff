// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Signed balances, six to a storage slot, moved by one addition and one mask test a slot.
/// A lane is 42 bits: value + 2^40 in the low 41 bits and a guard bit that is 0 at rest. A slot never written (zero) means
/// six lanes of value 0; a written slot is never zero, because a debt floor above -2^40 keeps every stored lane above 0.
library Lanes {
    uint256 internal constant PER_SLOT = 6;
    uint256 internal constant SLOTS = 1 << 20;
    /// Values lie in (-2^40, 2^40).
    int64 internal constant LIMIT = 1 << 40;

    uint256 private constant WIDTH = 42;
    uint256 private constant MASK = (1 << 42) - 1;
    /// 1 in every lane.
    uint256 private constant ONES = 0x0000000000040000000001000000000040000000001000000000040000000001;
    /// 2^40 in every lane: six lanes of value 0.
    uint256 private constant ZEROES = 0x0400000000010000000000400000000010000000000400000000010000000000;
    /// The guard bit of every lane and the four bits above the last lane.
    uint256 private constant GUARD = 0xf800000000020000000000800000000020000000000800000000020000000000;

    /// @dev The floor in every lane, as {add} wants it.
    function floorWord(int64 floor) internal pure returns (uint256) {
        return uint256(int256(floor) + LIMIT) * ONES;
    }

    function read(uint256[SLOTS] storage lanes, uint32 index) internal view returns (int64) {
        uint256 word = lanes[index / PER_SLOT];
        if (word == 0) return 0;
        return _value(word, index % PER_SLOT);
    }

    /// @dev `value` must lie in (-LIMIT, LIMIT).
    function write(uint256[SLOTS] storage lanes, uint32 index, int64 value) internal {
        uint256 slot = index / PER_SLOT;
        uint256 shift = (index % PER_SLOT) * WIDTH;
        uint256 word = lanes[slot];
        if (word == 0) word = ZEROES;
        lanes[slot] = (word & ~(MASK << shift)) | (uint256(int256(value) + LIMIT) << shift);
    }

    /// @dev Adds `count` slots of six zig-zag numbers of `width` (1..5) bytes, read from calldata at `cursor`, to the slots
    /// from `first` on. The caller checks that calldata and slots hold them, and reverts unless `bad` is 0.
    ///
    /// Why one mask test is enough: |delta| < 2^39 and a lane at rest lies in [floor, 2^41), so new = old + delta lies in
    /// (-2^39, 2^41 + 2^39). If all six are in range no lane carries or borrows, and neither `word` nor `word - floors`
    /// shows a guard bit. Else take the lowest lane out of range: nothing came into it from below, so it shows its guard bit
    /// in `word` when it is 2^41 or more, and in `word - floors` when it is below the floor.
    /// @return sum Of all deltas.
    /// @return bad 1 + the last slot with a lane out of range; 0 when all are in range.
    function add(
        uint256[SLOTS] storage lanes,
        uint256 first,
        uint256 count,
        uint256 cursor,
        uint256 width,
        uint256 floors
    ) internal returns (int256 sum, uint256 bad) {
        assembly ("memory-safe") {
            function delta(at, drop) -> d {
                let z := shr(drop, calldataload(at))
                d := xor(shr(1, z), sub(0, and(z, 1)))
            }
            let drop := sub(256, shl(3, width))
            let slot := add(lanes.slot, first)
            for { let end := add(slot, count) } lt(slot, end) { slot := add(slot, 1) } {
                let d := delta(cursor, drop)
                let packed := d
                let total := d
                cursor := add(cursor, width)
                d := delta(cursor, drop)
                packed := add(packed, shl(42, d))
                total := add(total, d)
                cursor := add(cursor, width)
                d := delta(cursor, drop)
                packed := add(packed, shl(84, d))
                total := add(total, d)
                cursor := add(cursor, width)
                d := delta(cursor, drop)
                packed := add(packed, shl(126, d))
                total := add(total, d)
                cursor := add(cursor, width)
                d := delta(cursor, drop)
                packed := add(packed, shl(168, d))
                total := add(total, d)
                cursor := add(cursor, width)
                d := delta(cursor, drop)
                packed := add(packed, shl(210, d))
                sum := add(sum, add(total, d))
                cursor := add(cursor, width)
                if packed {
                    let word := sload(slot)
                    if iszero(word) { word := ZEROES }
                    word := add(word, packed)
                    if and(or(word, sub(word, floors)), GUARD) { bad := add(sub(slot, lanes.slot), 1) }
                    sstore(slot, word)
                }
            }
        }
    }

    /// @dev The lowest lane out of range in a slot that {add} called bad; its value is exact, as nothing carried into it.
    function lowestBad(uint256[SLOTS] storage lanes, uint256 slot, int64 floor)
        internal
        view
        returns (uint32 index, int64 value)
    {
        uint256 word = lanes[slot];
        for (uint256 i; i < PER_SLOT; ++i) {
            value = _value(word, i);
            if (value >= LIMIT << 1) value -= LIMIT << 2;
            if (value < floor || value >= LIMIT) return (uint32(slot * PER_SLOT + i), value);
        }
    }

    function _value(uint256 word, uint256 position) private pure returns (int64) {
        return int64(uint64((word >> (position * WIDTH)) & MASK)) - LIMIT;
    }
}
