// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "solady/tokens/ERC20.sol";
import {ISettlementLedger} from "../src/ISettlementLedger.sol";
import {SettlementLedger} from "../src/SettlementLedger.sol";
import {vm} from "./Vm.sol";

contract Token is ERC20 {
    uint256 public feeBp;

    function name() public pure override returns (string memory) {
        return "Local money";
    }

    function symbol() public pure override returns (string memory) {
        return "LM";
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 bp) external {
        feeBp = bp;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        uint256 fee = (amount * feeBp) / 10_000;
        if (fee != 0) _burn(from, fee);
        return super.transferFrom(from, to, amount - fee);
    }
}

/// A village of MEMBERS members and five coordinators of whom THRESHOLD sign.
contract Village {
    bytes32 internal constant VILLAGE = keccak256("village");
    uint32 internal constant MEMBERS = 13;
    /// In the slots that hold the members.
    uint32 internal constant LANES = 18;
    uint8 internal constant THRESHOLD = 3;
    uint8 internal constant COORDINATORS = 5;
    uint256 internal constant UNIT = 1e15;
    int64 internal constant FLOOR = -2_000_000;
    int64 internal constant DEPOSIT = 1_000_000;
    uint40 internal constant NOW = 1_800_000_000;

    SettlementLedger internal ledger;
    Token internal token;
    /// Ascending by address.
    uint256[] internal keys;

    function found() internal {
        vm.warp(NOW);
        token = new Token();
        keys = makeKeys("coordinator", COORDINATORS);
        ledger = new SettlementLedger(VILLAGE, addresses(keys), THRESHOLD, address(token), UNIT, FLOOR);
        token.mint(address(this), 1e30);
        token.approve(address(ledger), type(uint256).max);
        for (uint32 i; i < MEMBERS; ++i) {
            ledger.deposit(i, uint64(DEPOSIT));
        }
    }

    function makeKeys(string memory name, uint256 count) internal pure returns (uint256[] memory made) {
        made = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            made[i] = uint256(keccak256(abi.encode(name, i)));
            for (uint256 j = i; j > 0 && vm.addr(made[j - 1]) > vm.addr(made[j]); --j) {
                (made[j - 1], made[j]) = (made[j], made[j - 1]);
            }
        }
    }

    function addresses(uint256[] memory owners) internal pure returns (address[] memory list) {
        list = new address[](owners.length);
        for (uint256 i; i < owners.length; ++i) {
            list[i] = vm.addr(owners[i]);
        }
    }

    function nextBatch() internal view returns (ISettlementLedger.Batch memory) {
        uint40 last = ledger.periodEnd();
        return ISettlementLedger.Batch({
            village: VILLAGE,
            prev: ledger.head(),
            statementsRoot: keccak256("statements"),
            evidence: keccak256("evidence"),
            period: ledger.period() + 1,
            periodEnd: last == 0 ? NOW - 400 days : last + 1
        });
    }

    /// Five-byte lanes from slot 0, padded to whole slots.
    function pack(int256[] memory deltas) internal pure returns (bytes memory payload) {
        uint256 lanes = ((deltas.length + 5) / 6) * 6;
        payload = abi.encodePacked(uint8(5), uint24(0));
        for (uint256 i; i < lanes; ++i) {
            int256 d = i < deltas.length ? deltas[i] : int256(0);
            payload = bytes.concat(payload, bytes5(uint40(d < 0 ? uint256(-d) * 2 - 1 : uint256(d) * 2)));
        }
    }

    function pair(int256 amount) internal pure returns (int256[] memory deltas) {
        deltas = new int256[](2);
        (deltas[0], deltas[1]) = (-amount, amount);
    }

    function signOne(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    function sign(bytes32 digest, uint256 first, uint256 count) internal view returns (bytes memory sigs) {
        for (uint256 i = first; i < first + count; ++i) {
            sigs = bytes.concat(sigs, signOne(keys[i], digest));
        }
    }

    function sign(ISettlementLedger.Batch memory b, bytes memory payload) internal view returns (bytes memory) {
        return sign(ledger.digestOf(b, keccak256(payload)), 0, ledger.threshold());
    }

    function settle(int256[] memory deltas) internal returns (bool) {
        ISettlementLedger.Batch memory b = nextBatch();
        bytes memory payload = pack(deltas);
        return ledger.submit(b, payload, sign(b, payload));
    }

    function domainSeparator() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Gridpact SettlementLedger"),
                keccak256("1"),
                block.chainid,
                address(ledger)
            )
        );
    }

    function typedDigest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
    }

    function operatorsDigest(address[] memory ops, uint8 k) internal view returns (bytes32) {
        bytes32 kind = keccak256("Operators(bytes32 village,uint32 epoch,address[] operators,uint8 threshold)");
        return
            typedDigest(
                keccak256(abi.encode(kind, VILLAGE, ledger.operatorEpoch(), keccak256(abi.encodePacked(ops)), k))
            );
    }

    function payoutKeysDigest(uint32 first, address[] memory list) internal view returns (bytes32) {
        bytes32 kind = keccak256("PayoutKeys(bytes32 village,uint32 nonce,uint32 first,address[] keys)");
        return typedDigest(
            keccak256(abi.encode(kind, VILLAGE, ledger.payoutNonce(), first, keccak256(abi.encodePacked(list))))
        );
    }

    function withdrawDigest(uint32 member, address to, uint64 amount, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes32 kind = keccak256(
            "Withdraw(bytes32 village,uint32 member,address to,uint64 amount,uint256 nonce,uint256 deadline)"
        );
        return
            typedDigest(
                keccak256(abi.encode(kind, VILLAGE, member, to, amount, ledger.withdrawNonce(member), deadline))
            );
    }

    function sumOfLanes() internal view returns (int256 sum) {
        for (uint32 i; i < LANES; ++i) {
            sum += ledger.balanceOf(i);
        }
    }

    function requireTrue(bool condition, string memory what) internal pure {
        require(condition, what);
    }
}
