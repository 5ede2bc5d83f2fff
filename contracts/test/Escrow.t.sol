// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISettlementLedger as L} from "../src/ISettlementLedger.sol";
import {SettlementLedger} from "../src/SettlementLedger.sol";
import {Village} from "./Village.sol";
import {vm} from "./Vm.sol";

contract EscrowTest is Village {
    address private constant TO = address(0xBEEF);
    uint256 private memberKey;

    function setUp() public {
        found();
        memberKey = makeKeys("member", 1)[0];
        address[] memory list = new address[](2);
        (list[0], list[1]) = (vm.addr(memberKey), vm.addr(memberKey));
        ledger.setPayoutKeys(0, list, sign(payoutKeysDigest(0, list), 0, THRESHOLD));
    }

    function askWith(uint256 key, uint64 amount, uint256 deadline) private view returns (bytes32 r, bytes32 vs) {
        (r, vs) = abi.decode(signOne(key, withdrawDigest(0, TO, amount, deadline)), (bytes32, bytes32));
    }

    function withdraw(uint64 amount) private {
        (bytes32 r, bytes32 vs) = askWith(memberKey, amount, NOW);
        ledger.withdraw(0, TO, amount, NOW, r, vs);
    }

    function refusesWithdrawal(uint64 amount, bytes memory err) private {
        (bytes32 r, bytes32 vs) = askWith(memberKey, amount, NOW);
        vm.expectRevert(err);
        ledger.withdraw(0, TO, amount, NOW, r, vs);
    }

    function test_aWithdrawalPaysOutOfLaneAndEscrow() public {
        withdraw(400_000);
        requireTrue(token.balanceOf(TO) == 400_000 * UNIT, "paid");
        requireTrue(ledger.balanceOf(0) == DEPOSIT - 400_000, "lane");
        requireTrue(int256(ledger.escrow()) == sumOfLanes(), "escrow");
    }

    function test_aWithdrawalCannotBeReplayed() public {
        (bytes32 r, bytes32 vs) = askWith(memberKey, 1, NOW);
        ledger.withdraw(0, TO, 1, NOW, r, vs);
        vm.expectPartialRevert(L.NotPayoutKey.selector);
        ledger.withdraw(0, TO, 1, NOW, r, vs);
    }

    function test_aWithdrawalNeedsALaneThatCoversIt() public {
        refusesWithdrawal(uint64(DEPOSIT) + 1, abi.encodeWithSelector(L.BalanceTooLow.selector, DEPOSIT));
        settle(pair(int256(DEPOSIT) + 5));
        refusesWithdrawal(1, abi.encodeWithSelector(L.BalanceTooLow.selector, int64(-5)));
    }

    function test_aWithdrawalNeedsAnEscrowThatCoversIt() public {
        ledger = new SettlementLedger(VILLAGE, addresses(keys), THRESHOLD, address(token), UNIT, FLOOR);
        address[] memory list = new address[](1);
        list[0] = vm.addr(memberKey);
        ledger.setPayoutKeys(0, list, sign(payoutKeysDigest(0, list), 0, THRESHOLD));
        settle(pair(-700));
        refusesWithdrawal(700, abi.encodeWithSelector(L.EscrowTooLow.selector, 0));
        token.approve(address(ledger), type(uint256).max);
        ledger.deposit(1, 700);
        withdraw(700);
        requireTrue(ledger.escrow() == 0 && ledger.balanceOf(0) == 0 && ledger.balanceOf(1) == 0, "all paid");
    }

    function test_onlyThePayoutKeyWithdraws() public {
        uint256 thief = makeKeys("thief", 1)[0];
        (bytes32 r, bytes32 vs) = askWith(thief, 1, NOW);
        vm.expectRevert(abi.encodeWithSelector(L.NotPayoutKey.selector, vm.addr(thief)));
        ledger.withdraw(0, TO, 1, NOW, r, vs);
        refusesWithdrawal(0, abi.encodeWithSelector(L.ZeroAmount.selector));
        vm.warp(NOW + 1);
        refusesWithdrawal(1, abi.encodeWithSelector(L.Expired.selector, NOW));
    }

    function test_payoutKeysAreSetOnceByTheThreshold() public {
        address[] memory list = new address[](1);
        list[0] = address(1);
        bytes memory sigs = sign(payoutKeysDigest(1, list), 0, THRESHOLD);
        ledger.setPayoutKeys(1, list, sigs);
        requireTrue(ledger.payoutKey(1) == address(1) && ledger.payoutNonce() == 2, "set");
        vm.expectRevert();
        ledger.setPayoutKeys(1, list, sigs);
        uint32 end = 6 * (1 << 20);
        sigs = sign(payoutKeysDigest(end, list), 0, THRESHOLD);
        vm.expectRevert(abi.encodeWithSelector(L.NoSuchLane.selector, end));
        ledger.setPayoutKeys(end, list, sigs);
    }

    function test_aDepositStaysWithinTheLane() public {
        vm.expectRevert(abi.encodeWithSelector(L.LaneOverflow.selector, 0));
        ledger.deposit(0, uint64((1 << 40) - uint64(DEPOSIT)));
        ledger.deposit(0, uint64((1 << 40) - 1 - uint64(DEPOSIT)));
        requireTrue(ledger.balanceOf(0) == (1 << 40) - 1 && ledger.balanceOf(1) == DEPOSIT, "full");
        vm.expectRevert(L.ZeroAmount.selector);
        ledger.deposit(1, 0);
    }

    function test_aTokenThatTakesAFeeIsRefused() public {
        token.setFee(1);
        vm.expectRevert(L.TokenShortfall.selector);
        ledger.deposit(0, 100);
    }

    function test_aLedgerWithoutATokenHoldsNoMoney() public {
        SettlementLedger bare = new SettlementLedger(VILLAGE, addresses(keys), THRESHOLD, address(0), 0, FLOOR);
        vm.expectRevert(L.NoEscrow.selector);
        bare.deposit(0, 1);
        vm.expectRevert(L.NoEscrow.selector);
        bare.withdraw(0, TO, 1, NOW, 0, 0);
        address[] memory ops = addresses(keys);
        vm.expectRevert(L.BadUnit.selector);
        new SettlementLedger(VILLAGE, ops, THRESHOLD, address(token), 0, FLOOR);
    }
}
