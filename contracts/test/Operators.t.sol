// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISettlementLedger as L} from "../src/ISettlementLedger.sol";
import {SettlementLedger} from "../src/SettlementLedger.sol";
import {Village} from "./Village.sol";
import {vm} from "./Vm.sol";

contract OperatorsTest is Village {
    function setUp() public {
        found();
    }

    function test_theNewKeysSettleAndTheOldNoLonger() public {
        uint256[] memory old = keys;
        uint256[] memory fresh = makeKeys("successor", 2);
        address[] memory ops = addresses(fresh);
        ledger.rotateOperators(ops, 2, sign(operatorsDigest(ops, 2), 0, THRESHOLD));
        requireTrue(ledger.operatorEpoch() == 1 && ledger.threshold() == 2, "epoch");
        requireTrue(keccak256(abi.encode(ledger.operators())) == keccak256(abi.encode(ops)), "operators");

        L.Batch memory b = nextBatch();
        bytes memory payload = pack(pair(1));
        bytes memory sigs = sign(b, payload);
        vm.expectRevert(abi.encodeWithSelector(L.NotOperator.selector, vm.addr(old[0])));
        ledger.submit(b, payload, sigs);
        keys = fresh;
        requireTrue(ledger.submit(b, payload, sign(b, payload)), "settled by the new");
    }

    function test_aKeyThatComesBackCountsAgain() public {
        uint256[] memory old = keys;
        address[] memory back = addresses(old);
        uint256[] memory fresh = makeKeys("successor", 1);
        address[] memory ops = addresses(fresh);
        ledger.rotateOperators(ops, 1, sign(operatorsDigest(ops, 1), 0, THRESHOLD));
        keys = fresh;
        ledger.rotateOperators(back, THRESHOLD, sign(operatorsDigest(back, THRESHOLD), 0, 1));
        keys = old;
        requireTrue(settle(pair(3)), "settled");
    }

    function test_aRotationCannotBeReplayed() public {
        address[] memory ops = addresses(keys);
        bytes memory sigs = sign(operatorsDigest(ops, THRESHOLD), 0, THRESHOLD);
        ledger.rotateOperators(ops, THRESHOLD, sigs);
        vm.expectRevert();
        ledger.rotateOperators(ops, THRESHOLD, sigs);
    }

    function test_noOneElseRotates() public {
        uint256[] memory strangers = makeKeys("stranger", 3);
        address[] memory ops = addresses(strangers);
        keys = strangers;
        bytes memory sigs = sign(operatorsDigest(ops, 2), 0, THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(L.NotOperator.selector, ops[0]));
        ledger.rotateOperators(ops, 2, sigs);
    }

    function refusesOperators(address[] memory ops, uint8 k) private {
        bytes memory sigs = sign(operatorsDigest(ops, k), 0, THRESHOLD);
        vm.expectRevert(L.BadOperators.selector);
        ledger.rotateOperators(ops, k, sigs);
        vm.expectRevert(L.BadOperators.selector);
        new SettlementLedger(VILLAGE, ops, k, address(0), 0, FLOOR);
    }

    function test_operatorsAscendAndCanReachTheThreshold() public {
        address[] memory ops = addresses(keys);
        refusesOperators(ops, 0);
        refusesOperators(ops, COORDINATORS + 1);
        refusesOperators(new address[](0), 0);
        refusesOperators(new address[](1), 1);
        (ops[0], ops[1]) = (ops[1], ops[0]);
        refusesOperators(ops, 2);
        ops[0] = ops[1];
        refusesOperators(ops, 2);
        address[] memory many = new address[](256);
        for (uint160 i; i < 256; ++i) {
            many[i] = address(i + 1);
        }
        refusesOperators(many, 2);
    }

    function test_theDebtFloorLiesBetweenTheLaneLimitAndZero() public {
        address[] memory ops = addresses(keys);
        vm.expectRevert(L.BadDebtFloor.selector);
        new SettlementLedger(VILLAGE, ops, 1, address(0), 0, 1);
        vm.expectRevert(L.BadDebtFloor.selector);
        new SettlementLedger(VILLAGE, ops, 1, address(0), 0, -(1 << 40));
        new SettlementLedger(VILLAGE, ops, 1, address(0), 0, -(1 << 40) + 1);
        new SettlementLedger(VILLAGE, ops, 1, address(0), 0, 0);
    }
}
