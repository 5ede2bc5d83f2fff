// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISettlementLedger as L} from "../src/ISettlementLedger.sol";
import {SettlementLedger} from "../src/SettlementLedger.sol";
import {Village} from "./Village.sol";
import {vm} from "./Vm.sol";

contract SubmitTest is Village {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function setUp() public {
        found();
    }

    function refuses(L.Batch memory b, bytes memory payload, bytes memory sigs, bytes memory err) private {
        vm.expectRevert(err);
        ledger.submit(b, payload, sigs);
    }

    function test_digestIsTheEip712HashOfTheBatch() public view {
        L.Batch memory b = nextBatch();
        bytes32 kind = keccak256(
            "Batch(bytes32 village,bytes32 prev,bytes32 statementsRoot,bytes32 evidence,uint32 period,uint40 periodEnd,bytes32 payload)"
        );
        bytes32 payload = keccak256("payload");
        bytes32 want = typedDigest(
            keccak256(abi.encode(kind, b.village, b.prev, b.statementsRoot, b.evidence, b.period, b.periodEnd, payload))
        );
        requireTrue(ledger.digestOf(b, payload) == want, "digest");
    }

    function test_resubmittingTheHeadChangesNothing() public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(5));
        bytes memory sigs = sign(b, payload);
        requireTrue(ledger.submit(b, payload, sigs), "fresh");
        bytes32 head = ledger.head();
        requireTrue(!ledger.submit(b, payload, ""), "not fresh");
        requireTrue(ledger.head() == head && ledger.balanceOf(1) == DEPOSIT + 5, "unchanged");
    }

    function test_anEarlierBatchCannotBeReplayed() public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(5));
        bytes memory sigs = sign(b, payload);
        ledger.submit(b, payload, sigs);
        settle(pair(7));
        refuses(b, payload, sigs, abi.encodeWithSelector(L.NotNext.selector, ledger.head()));
    }

    function test_monthsMayBeSkippedButNotRepeatedNorTurnedBack() public {
        L.Batch memory b = nextBatch();
        b.period = 24_000;
        bytes memory payload = pack(pair(1));
        ledger.submit(b, payload, sign(b, payload));

        L.Batch memory same = nextBatch();
        same.period = b.period;
        bytes memory err = abi.encodeWithSelector(L.PeriodNotLater.selector, b.period, b.periodEnd);
        refuses(same, payload, sign(same, payload), err);

        L.Batch memory early = nextBatch();
        early.periodEnd = b.periodEnd;
        refuses(early, payload, sign(early, payload), err);
    }

    function test_aPeriodMustBeOver() public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(1));
        b.periodEnd = NOW + 1;
        refuses(b, payload, sign(b, payload), abi.encodeWithSelector(L.PeriodNotOver.selector, NOW + 1));
        vm.warp(NOW + 1);
        requireTrue(ledger.submit(b, payload, sign(b, payload)), "over");
    }

    function test_anotherVillageIsRefused() public {
        L.Batch memory b = nextBatch();
        b.village = keccak256("the next village");
        bytes memory payload = pack(pair(1));
        refuses(b, payload, sign(b, payload), abi.encodeWithSelector(L.OtherVillage.selector, b.village));
    }

    function test_signaturesForAnotherChainOrLedgerAreRefused() public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(1));
        bytes memory here = sign(b, payload);
        vm.chainId(block.chainid + 1);
        vm.expectRevert();
        ledger.submit(b, payload, here);
        requireTrue(ledger.submit(b, payload, sign(b, payload)), "signed again for the fork");

        SettlementLedger other = new SettlementLedger(VILLAGE, addresses(keys), THRESHOLD, address(0), 0, FLOOR);
        L.Batch memory first = L.Batch(VILLAGE, 0, 0, 0, 1, 1);
        bytes memory forOther = sign(other.digestOf(first, keccak256(payload)), 0, THRESHOLD);
        found();
        vm.expectRevert();
        ledger.submit(first, payload, forOther);
        requireTrue(other.submit(first, payload, forOther), "its own ledger takes it");
    }

    function testFuzz_anyChangeAfterSigningIsRefused(uint256 where, uint8 flip) public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(5));
        bytes memory sigs = sign(b, payload);
        bytes1 mask = bytes1(flip == 0 ? 1 : flip);
        if (where % 2 == 0) payload[where / 2 % payload.length] ^= mask;
        else b.evidence ^= bytes32(uint256(uint8(mask)) << (8 * (where / 2 % 32)));
        vm.expectRevert();
        ledger.submit(b, payload, sigs);
    }

    function testFuzz_exactlyTheThresholdSigns(uint8 count) public {
        count = count % (COORDINATORS + 1);
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(5));
        bytes memory sigs = sign(ledger.digestOf(b, keccak256(payload)), 0, count);
        if (count != THRESHOLD) {
            vm.expectRevert(abi.encodeWithSelector(L.WrongSignatureCount.selector, uint256(THRESHOLD)));
        }
        ledger.submit(b, payload, sigs);
    }

    function test_signersAscendWithoutRepeats() public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(5));
        bytes32 digest = ledger.digestOf(b, keccak256(payload));
        bytes memory one = sign(digest, 0, 1);
        bytes memory two = sign(digest, 1, 1);
        bytes memory err = abi.encodeWithSelector(L.SignersNotAscending.selector, vm.addr(keys[0]));
        refuses(b, payload, bytes.concat(one, one, two), err);
        refuses(b, payload, bytes.concat(two, one, sign(digest, 2, 1)), err);
    }

    function testFuzz_onlyOperatorsCount(uint256 seed) public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(5));
        uint256[] memory strangers = makeKeys("stranger", 3);
        keys[seed % 3] = strangers[seed % 3];
        for (uint256 i; i < 3; ++i) {
            for (uint256 j = i; j > 0 && vm.addr(keys[j - 1]) > vm.addr(keys[j]); --j) {
                (keys[j - 1], keys[j]) = (keys[j], keys[j - 1]);
            }
        }
        bytes memory sigs = sign(b, payload);
        address who = vm.addr(strangers[seed % 3]);
        refuses(b, payload, sigs, abi.encodeWithSelector(L.NotOperator.selector, who));
    }

    function test_theOtherFormOfASignatureIsRefused() public {
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(5));
        bytes32 digest = ledger.digestOf(b, keccak256(payload));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], digest);
        uint256 high = (ORDER - uint256(s)) | (uint256(28 - v) << 255);
        bytes memory sigs = bytes.concat(abi.encodePacked(r, high), sign(digest, 1, 2));
        // Its top bit is taken for yParity, so it is another signature and recovers no operator.
        vm.expectRevert();
        ledger.submit(b, payload, sigs);
        sigs = bytes.concat(abi.encodePacked(r, ORDER / 2 + 1), sign(digest, 1, 2));
        refuses(b, payload, sigs, abi.encodeWithSelector(L.HighS.selector));
        sigs = bytes.concat(new bytes(64), sign(digest, 1, 2));
        refuses(b, payload, sigs, abi.encodeWithSelector(L.BadSignature.selector));
    }
}
