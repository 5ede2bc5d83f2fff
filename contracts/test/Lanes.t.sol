// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISettlementLedger as L} from "../src/ISettlementLedger.sol";
import {SettlementLedger} from "../src/SettlementLedger.sol";
import {Village} from "./Village.sol";
import {vm} from "./Vm.sol";

contract LanesTest is Village {
    int64 private constant LIMIT = 1 << 40;
    int256 private constant DELTA_MAX = 2 ** 39 - 1;

    function setUp() public {
        found();
    }

    function submitRaw(bytes memory payload) private returns (bool) {
        L.Batch memory b = nextBatch();
        return ledger.submit(b, payload, sign(b, payload));
    }

    function refusesRaw(bytes memory payload, bytes memory err) private {
        L.Batch memory b = nextBatch();
        bytes memory sigs = sign(b, payload);
        vm.expectRevert(err);
        ledger.submit(b, payload, sigs);
    }

    /// A balanced batch lands exactly, or is refused exactly when a lane would fall below the floor, which it names.
    function testFuzz_lanesMoveByTheirDelta(int24[12] memory moves) public {
        int256[] memory deltas = new int256[](MEMBERS);
        int256 rest;
        uint32 broke = MEMBERS;
        for (uint256 i; i < MEMBERS; ++i) {
            deltas[i] = i < 12 ? int256(moves[i]) / 2 : -rest;
            rest += deltas[i];
            if (DEPOSIT + deltas[i] < FLOOR && broke == MEMBERS) broke = uint32(i);
        }
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(deltas);
        bytes memory sigs = sign(b, payload);
        if (broke < MEMBERS) vm.expectPartialRevert(L.BelowDebtFloor.selector);
        ledger.submit(b, payload, sigs);
        for (uint32 i; i < MEMBERS; ++i) {
            int256 want = broke < MEMBERS ? int256(DEPOSIT) : int256(DEPOSIT) + deltas[i];
            requireTrue(ledger.balanceOf(i) == want, "lane");
        }
    }

    function test_theFloorItselfMayBeReachedAndNotPassed() public {
        int256 toFloor = int256(DEPOSIT) - FLOOR;
        refusesRaw(pack(pair(toFloor + 1)), abi.encodeWithSelector(L.BelowDebtFloor.selector, 0, FLOOR - 1));
        settle(pair(toFloor));
        requireTrue(ledger.balanceOf(0) == FLOOR, "at the floor");
        refusesRaw(pack(pair(1)), abi.encodeWithSelector(L.BelowDebtFloor.selector, 0, FLOOR - 1));
        settle(pair(-toFloor));
        requireTrue(ledger.balanceOf(0) == DEPOSIT && ledger.balanceOf(1) == DEPOSIT, "and left again");
    }

    /// Every position in a slot, and in a later slot, is told by its own index.
    function testFuzz_theLowestBadLaneOfASlotIsNamed(uint8 seed) public {
        uint32 member = seed % 12;
        uint32 payee = (member + 1) % 12;
        int256[] memory deltas = new int256[](12);
        (deltas[member], deltas[payee]) = (-4_000_000, 4_000_000);
        refusesRaw(pack(deltas), abi.encodeWithSelector(L.BelowDebtFloor.selector, member, int64(-3_000_000)));
    }

    function test_aLaneCannotOverflow() public {
        ledger = new SettlementLedger(VILLAGE, addresses(keys), THRESHOLD, address(0), 0, -LIMIT + 1);
        settle(pair(DELTA_MAX));
        settle(pair(DELTA_MAX));
        requireTrue(ledger.balanceOf(1) == 2 * DELTA_MAX && ledger.balanceOf(0) == -2 * DELTA_MAX, "near the limit");
        int256[] memory deltas = new int256[](4);
        (deltas[1], deltas[3]) = (2, -2);
        refusesRaw(pack(deltas), abi.encodeWithSelector(L.LaneOverflow.selector, 1));
        (deltas[0], deltas[1], deltas[3]) = (-100, 0, 100);
        int64 under = int64(-2 * DELTA_MAX - 100);
        refusesRaw(pack(deltas), abi.encodeWithSelector(L.BelowDebtFloor.selector, 0, under));
        (deltas[0], deltas[1], deltas[3]) = (0, 1, -1);
        settle(deltas);
        requireTrue(ledger.balanceOf(1) == LIMIT - 1, "at the limit");
        refusesRaw(pack(pair(2)), abi.encodeWithSelector(L.BelowDebtFloor.selector, 0, -LIMIT));
    }

    /// Against plain arithmetic, over whole slots of arbitrary values and deltas.
    function testFuzz_slotArithmeticIsPlainArithmetic(int40[6] memory olds, int40[6] memory moves) public {
        ledger = new SettlementLedger(VILLAGE, addresses(keys), THRESHOLD, address(0), 0, -LIMIT + 1);
        settle(balanced(olds));
        int256[] memory deltas = balanced(moves);
        int256[] memory want = new int256[](12);
        bool bad;
        for (uint32 i; i < 12; ++i) {
            want[i] = ledger.balanceOf(i) + deltas[i];
            if (want[i] <= -LIMIT || want[i] >= LIMIT) bad = true;
        }
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(deltas);
        bytes memory sigs = sign(b, payload);
        if (bad) vm.expectRevert();
        ledger.submit(b, payload, sigs);
        for (uint32 i; !bad && i < 12; ++i) {
            requireTrue(ledger.balanceOf(i) == want[i], "lane");
        }
    }

    /// Six moves and their counter-moves in the next slot.
    function balanced(int40[6] memory moves) private pure returns (int256[] memory deltas) {
        deltas = new int256[](12);
        for (uint256 i; i < 6; ++i) {
            int256 d = moves[i] == type(int40).min ? int256(0) : int256(moves[i]);
            (deltas[i], deltas[i + 6]) = (d, -d);
        }
    }

    function test_aBatchMustBalance() public {
        int256[] memory deltas = pair(5);
        deltas[1] += 1;
        refusesRaw(pack(deltas), abi.encodeWithSelector(L.NotBalanced.selector, int256(1)));
        deltas[1] -= 2;
        refusesRaw(pack(deltas), abi.encodeWithSelector(L.NotBalanced.selector, int256(-1)));
    }

    function test_aMonthWithoutMoneySettles() public {
        requireTrue(submitRaw(hex"01000000000000000000"), "settled");
        requireTrue(ledger.period() == 1 && sumOfLanes() == int256(DEPOSIT) * int32(MEMBERS), "nothing moved");
    }

    function test_payloadsOfTheWrongShapeAreRefused() public {
        bytes memory err = abi.encodeWithSelector(L.BadPayload.selector);
        refusesRaw("", err);
        refusesRaw(hex"010000", err);
        refusesRaw(hex"01000000", err);
        refusesRaw(hex"00000000000000000000", err);
        refusesRaw(abi.encodePacked(uint8(6), uint24(0), new bytes(36)), err);
        refusesRaw(hex"0100000000000000", err);
        refusesRaw(hex"0100000000000000000000", err);
        refusesRaw(hex"01100000000000000000", err);
        refusesRaw(abi.encodePacked(uint8(1), uint24(0x0fffff), new bytes(12)), err);
        requireTrue(submitRaw(hex"010fffff020100000000"), "the last slot");
        requireTrue(ledger.balanceOf(6 * 0x0fffff) == 1, "its first lane");
    }

    function testFuzz_widthsAndSlotsAgreeWithFiveBytes(uint8 width, uint16 slot, int8 amount) public {
        width = width % 5 + 1;
        int256 d = amount;
        uint256 zigzag = d < 0 ? uint256(-d) * 2 - 1 : uint256(d) * 2;
        uint256 back = d > 0 ? uint256(d) * 2 - 1 : uint256(-d) * 2;
        if (zigzag > 255 || back > 255) return;
        bytes memory payload = abi.encodePacked(width, uint24(slot), new bytes(uint256(width) * 6));
        payload[3 + uint256(width)] = bytes1(uint8(zigzag));
        payload[3 + 6 * uint256(width)] = bytes1(uint8(back));
        int256 first = ledger.balanceOf(uint32(slot) * 6);
        int256 last = ledger.balanceOf(uint32(slot) * 6 + 5);
        requireTrue(submitRaw(payload), "settled");
        requireTrue(ledger.balanceOf(uint32(slot) * 6) == first + d, "first lane");
        requireTrue(ledger.balanceOf(uint32(slot) * 6 + 5) == last - d, "last lane");
    }

    /// Whatever the coordinators sign, money is neither made nor lost.
    function testFuzz_garbageNeverBreaksTheSum(bytes memory payload) public {
        keepsTheSum(payload);
    }

    function testFuzz_shapedGarbageNeverBreaksTheSum(bytes32[3] memory words, uint8 width, uint8 slots) public {
        width = width % 5 + 1;
        uint256 length = uint256(width) * 6 * (slots % 3 + 1);
        bytes memory payload = abi.encodePacked(width, uint24(0), new bytes(length));
        for (uint256 i; i < length; ++i) {
            payload[4 + i] = words[i / 32][i % 32];
        }
        keepsTheSum(payload);
    }

    function keepsTheSum(bytes memory payload) private {
        L.Batch memory b = nextBatch();
        bytes memory sigs = sign(b, payload);
        int256 before = sumOfLanes();
        try ledger.submit(b, payload, sigs) {} catch {}
        requireTrue(sumOfLanes() == before, "sum");
    }

    function test_thereIsNoLaneAfterTheLast() public {
        uint32 last = 6 * (1 << 20) - 1;
        requireTrue(ledger.balanceOf(last) == 0, "the last is empty");
        vm.expectRevert(abi.encodeWithSelector(L.NoSuchLane.selector, last + 1));
        ledger.balanceOf(last + 1);
    }
}
