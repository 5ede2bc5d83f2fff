// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISettlementLedger as L} from "../src/ISettlementLedger.sol";
import {SettlementLedger} from "../src/SettlementLedger.sol";
import {Token, Village} from "./Village.sol";
import {vm} from "./Vm.sol";

/// Acts on one village in any order; counts what must never happen.
contract Actor is Village {
    uint256 public settled;
    uint256 public violations;
    L.Batch private last;
    bytes private lastPayload;
    bytes private lastSigs;

    constructor() {
        found();
        address[] memory list = new address[](MEMBERS);
        for (uint32 i; i < MEMBERS; ++i) {
            list[i] = vm.addr(1000 + i);
        }
        ledger.setPayoutKeys(0, list, sign(payoutKeysDigest(0, list), 0, THRESHOLD));
    }

    function ledgerOf() external view returns (SettlementLedger) {
        return ledger;
    }

    function tokenOf() external view returns (Token) {
        return token;
    }

    /// Members pay their neighbours up to what the floor allows: valid exactly when it balances.
    function act_settle(uint256 seed, bool unbalanced) external {
        int256[] memory deltas = new int256[](MEMBERS);
        for (uint32 i; i + 1 < MEMBERS; i += 2) {
            (uint32 payer, uint32 payee) = (seed >> i) & 1 == 0 ? (i, i + 1) : (i + 1, i);
            uint256 room = uint256(int256(ledger.balanceOf(payer)) - FLOOR);
            int256 amount = int256(uint256(keccak256(abi.encode(seed, i))) % (room + 1));
            (deltas[payer], deltas[payee]) = (-amount, amount);
        }
        if (unbalanced) deltas[MEMBERS - 1] = 1;
        L.Batch memory b = nextBatch();
        bytes memory payload = pack(deltas);
        bytes memory sigs = sign(b, payload);
        try ledger.submit(b, payload, sigs) returns (bool fresh) {
            if (!fresh || unbalanced) ++violations;
            ++settled;
            (last, lastPayload, lastSigs) = (b, payload, sigs);
        } catch {
            if (!unbalanced) ++violations;
        }
    }

    function act_replay() external {
        if (lastPayload.length == 0) return;
        int64 before = ledger.balanceOf(0);
        if (ledger.submit(last, lastPayload, lastSigs) || ledger.balanceOf(0) != before) ++violations;
    }

    function act_deposit(uint32 member, uint32 amount) external {
        if (amount != 0) ledger.deposit(member % MEMBERS, amount);
    }

    function act_withdraw(uint32 member, uint24 amount) external {
        member %= MEMBERS;
        (bytes32 r, bytes32 vs) =
            abi.decode(signOne(1000 + member, withdrawDigest(member, address(0xBEEF), amount, NOW)), (bytes32, bytes32));
        bool covered = amount != 0 && ledger.balanceOf(member) >= int64(uint64(amount)) && ledger.escrow() >= amount;
        try ledger.withdraw(member, address(0xBEEF), amount, NOW, r, vs) {
            if (!covered) ++violations;
        } catch {
            if (covered) ++violations;
        }
    }

    function act_rotate(uint8 k) external {
        k = k % COORDINATORS + 1;
        address[] memory ops = addresses(keys);
        ledger.rotateOperators(ops, k, sign(operatorsDigest(ops, k), 0, ledger.threshold()));
    }
}

contract SolvencyTest {
    Actor private actor;

    function setUp() public {
        actor = new Actor();
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(actor);
    }

    function invariant_lanesSumToTheEscrowAndTheTokenCoversIt() public view {
        SettlementLedger ledger = actor.ledgerOf();
        int256 sum;
        for (uint32 i; i < 13; ++i) {
            sum += ledger.balanceOf(i);
        }
        require(sum == int256(ledger.escrow()), "lanes");
        require(actor.tokenOf().balanceOf(address(ledger)) == ledger.escrow() * ledger.unit(), "token");
    }

    function invariant_noLaneIsBelowTheFloor() public view {
        SettlementLedger ledger = actor.ledgerOf();
        for (uint32 i; i < 13; ++i) {
            require(ledger.balanceOf(i) >= ledger.debtFloor(), "floor");
        }
    }

    function invariant_nothingUnbalancedAndNothingTwice() public view {
        require(actor.violations() == 0, "violation");
        require(actor.ledgerOf().period() == actor.settled(), "one batch, one period");
    }
}
