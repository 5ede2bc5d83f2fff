// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {EIP712} from "solady/utils/EIP712.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ISettlementLedger} from "./ISettlementLedger.sol";
import {Lanes} from "./Lanes.sol";

interface IBalance {
    function balanceOf(address owner) external view returns (uint256);
}

/// @title See {ISettlementLedger}. Invariant: the sum of all lanes is `escrow`, and the token balance covers `escrow * unit`.
contract SettlementLedger is ISettlementLedger, EIP712 {
    using Lanes for uint256[1 << 20];

    bytes32 private constant BATCH_TYPEHASH = keccak256(
        "Batch(bytes32 village,bytes32 prev,bytes32 statementsRoot,bytes32 evidence,uint32 period,uint40 periodEnd,bytes32 payload)"
    );
    bytes32 private constant OPERATORS_TYPEHASH =
        keccak256("Operators(bytes32 village,uint32 epoch,address[] operators,uint8 threshold)");
    bytes32 private constant PAYOUT_KEYS_TYPEHASH =
        keccak256("PayoutKeys(bytes32 village,uint32 nonce,uint32 first,address[] keys)");
    bytes32 private constant WITHDRAW_TYPEHASH =
        keccak256("Withdraw(bytes32 village,uint32 member,address to,uint64 amount,uint256 nonce,uint256 deadline)");
    /// Half the order of secp256k1 (EIP-2).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 private constant PAYLOAD_HEADER = 4;
    uint256 private constant MAX_WIDTH = 5;

    bytes32 public immutable village;
    address public immutable token;
    uint256 public immutable unit;
    int64 public immutable debtFloor;
    uint256 private immutable _floors;

    bytes32 public head;
    uint32 public period;
    uint40 public periodEnd;
    uint8 public threshold;
    uint32 public operatorEpoch;
    uint32 public payoutNonce;
    uint256 public escrow;
    mapping(uint32 member => address) public payoutKey;
    mapping(uint32 member => uint256) public withdrawNonce;
    address[] private _operators;
    /// 1 + the epoch a key was last an operator in, so that a rotation forgets all keys at once.
    mapping(address => uint256) private _operatorIn;
    /// A fixed array: no hash to find a slot.
    uint256[1 << 20] private _lanes;

    constructor(bytes32 village_, address[] memory ops, uint8 k, address token_, uint256 unit_, int64 debtFloor_) {
        if (debtFloor_ > 0 || debtFloor_ <= -Lanes.LIMIT) revert BadDebtFloor();
        // Lanes and unit stay far from overflow: 2^64 minor units of 2^128 base units.
        if (token_ != address(0) && (unit_ == 0 || unit_ > type(uint128).max)) revert BadUnit();
        (village, token, unit, debtFloor) = (village_, token_, unit_, debtFloor_);
        _floors = Lanes.floorWord(debtFloor_);
        _setOperators(0, ops, k);
    }

    function submit(Batch calldata b, bytes calldata payload, bytes calldata sigs) external returns (bool fresh) {
        bytes32 digest = digestOf(b, keccak256(payload));
        bytes32 last = head;
        if (digest == last) return false;
        if (b.village != village) revert OtherVillage(b.village);
        if (b.prev != last) revert NotNext(last);
        if (b.period <= period || b.periodEnd <= periodEnd) revert PeriodNotLater(period, periodEnd);
        if (b.periodEnd > block.timestamp) revert PeriodNotOver(b.periodEnd);
        _requireOperators(digest, sigs);
        (head, period, periodEnd) = (digest, b.period, b.periodEnd);
        _apply(payload);
        emit BatchSettled(b.period, digest, b.prev, b.statementsRoot, b.evidence, b.periodEnd);
        return true;
    }

    function rotateOperators(address[] calldata ops, uint8 k, bytes calldata sigs) external {
        uint32 epoch = operatorEpoch;
        bytes32 keys = keccak256(abi.encodePacked(ops));
        _requireOperators(_hashTypedData(keccak256(abi.encode(OPERATORS_TYPEHASH, village, epoch, keys, k))), sigs);
        _setOperators(epoch + 1, ops, k);
    }

    function setPayoutKeys(uint32 first, address[] calldata keys, bytes calldata sigs) external {
        if (first + keys.length > Lanes.SLOTS * Lanes.PER_SLOT) revert NoSuchLane(first);
        bytes32 list = keccak256(abi.encodePacked(keys));
        _requireOperators(
            _hashTypedData(keccak256(abi.encode(PAYOUT_KEYS_TYPEHASH, village, payoutNonce++, first, list))), sigs
        );
        for (uint256 i; i < keys.length; ++i) {
            payoutKey[uint32(first + i)] = keys[i];
        }
        emit PayoutKeysSet(first, keys);
    }

    function deposit(uint32 member, uint64 amount) external {
        if (token == address(0)) revert NoEscrow();
        if (amount == 0) revert ZeroAmount();
        int256 value = int256(balanceOf(member)) + int256(uint256(amount));
        if (value >= Lanes.LIMIT) revert LaneOverflow(member);
        _lanes.write(member, int64(value));
        escrow += amount;
        emit Deposited(member, msg.sender, amount);
        SafeTransferLib.safeTransferFrom(token, msg.sender, address(this), amount * unit);
        // Also stops a token that takes a fee or calls back.
        if (IBalance(token).balanceOf(address(this)) < escrow * unit) revert TokenShortfall();
    }

    function withdraw(uint32 member, address to, uint64 amount, uint256 deadline, bytes32 r, bytes32 vs) external {
        if (token == address(0)) revert NoEscrow();
        if (amount == 0) revert ZeroAmount();
        if (block.timestamp > deadline) revert Expired(deadline);
        address signer = _recover(
            _hashTypedData(
                keccak256(abi.encode(WITHDRAW_TYPEHASH, village, member, to, amount, withdrawNonce[member]++, deadline))
            ),
            r,
            vs
        );
        if (signer != payoutKey[member]) revert NotPayoutKey(signer);
        int64 balance = balanceOf(member);
        if (balance < 0 || uint64(balance) < amount) revert BalanceTooLow(balance);
        if (escrow < amount) revert EscrowTooLow(escrow);
        _lanes.write(member, balance - int64(amount));
        escrow -= amount;
        emit Withdrawn(member, to, amount);
        SafeTransferLib.safeTransfer(token, to, amount * unit);
    }

    function operators() external view returns (address[] memory) {
        return _operators;
    }

    function balanceOf(uint32 member) public view returns (int64) {
        if (member >= Lanes.SLOTS * Lanes.PER_SLOT) revert NoSuchLane(member);
        return _lanes.read(member);
    }

    function digestOf(Batch calldata b, bytes32 payloadHash) public view returns (bytes32) {
        return _hashTypedData(
            keccak256(
                abi.encode(
                    BATCH_TYPEHASH, b.village, b.prev, b.statementsRoot, b.evidence, b.period, b.periodEnd, payloadHash
                )
            )
        );
    }

    function _apply(bytes calldata payload) private {
        if (payload.length < PAYLOAD_HEADER) revert BadPayload();
        uint256 width = uint8(payload[0]);
        uint256 first = uint24(bytes3(payload[1:PAYLOAD_HEADER]));
        if (width == 0 || width > MAX_WIDTH) revert BadPayload();
        uint256 body = payload.length - PAYLOAD_HEADER;
        uint256 count = body / (Lanes.PER_SLOT * width);
        if (count == 0 || count * Lanes.PER_SLOT * width != body || first + count > Lanes.SLOTS) revert BadPayload();
        uint256 cursor;
        assembly ("memory-safe") {
            cursor := add(payload.offset, PAYLOAD_HEADER)
        }
        (int256 sum, uint256 bad) = _lanes.add(first, count, cursor, width, _floors);
        if (bad != 0) _revertLane(bad - 1);
        if (sum != 0) revert NotBalanced(sum);
    }

    function _revertLane(uint256 slot) private view {
        (uint32 member, int64 value) = _lanes.lowestBad(slot, debtFloor);
        if (value < debtFloor) revert BelowDebtFloor(member, value);
        revert LaneOverflow(member);
    }

    function _setOperators(uint32 epoch, address[] memory ops, uint8 k) private {
        if (k == 0 || k > ops.length || ops.length > type(uint8).max) revert BadOperators();
        address last;
        for (uint256 i; i < ops.length; ++i) {
            if (ops[i] <= last) revert BadOperators();
            last = ops[i];
            _operatorIn[last] = uint256(epoch) + 1;
        }
        (_operators, threshold, operatorEpoch) = (ops, k, epoch);
        emit OperatorsRotated(epoch, ops, k);
    }

    function _requireOperators(bytes32 digest, bytes calldata sigs) private view {
        uint256 count = threshold;
        uint256 current = uint256(operatorEpoch) + 1;
        if (sigs.length != count * 64) revert WrongSignatureCount(count);
        address last;
        for (uint256 i; i < count; ++i) {
            address signer = _recover(digest, bytes32(sigs[i * 64:]), bytes32(sigs[i * 64 + 32:]));
            if (signer <= last) revert SignersNotAscending(signer);
            if (_operatorIn[signer] != current) revert NotOperator(signer);
            last = signer;
        }
    }

    /// @dev EIP-2098: the top bit of `vs` is yParity.
    function _recover(bytes32 digest, bytes32 r, bytes32 vs) private pure returns (address signer) {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        if (s > HALF_ORDER) revert HighS();
        signer = ecrecover(digest, uint8((uint256(vs) >> 255) + 27), r, bytes32(s));
        if (signer == address(0)) revert BadSignature();
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Gridpact SettlementLedger", "1");
    }
}
