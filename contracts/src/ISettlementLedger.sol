// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title A village's ledger: one signed balance per member, moved once a period by a batch that its coordinators co-sign.
/// Amounts are minor units of the village currency. Signatures are EIP-712, domain "Gridpact SettlementLedger" version "1".
interface ISettlementLedger {
    /// @param prev           Digest of the batch before; zero for the first.
    /// @param statementsRoot Merkle root over the members' statements of the period.
    /// @param evidence       sha-256 of the canonical cut the statements were made from.
    /// @param period         Month index, strictly growing; months may be skipped.
    /// @param periodEnd      Seconds UTC, strictly growing and not in the future.
    struct Batch {
        bytes32 village;
        bytes32 prev;
        bytes32 statementsRoot;
        bytes32 evidence;
        uint32 period;
        uint40 periodEnd;
    }

    event BatchSettled(
        uint32 indexed period,
        bytes32 indexed digest,
        bytes32 prev,
        bytes32 statementsRoot,
        bytes32 evidence,
        uint40 periodEnd
    );
    event OperatorsRotated(uint32 indexed epoch, address[] operators, uint8 threshold);
    event PayoutKeysSet(uint32 indexed first, address[] keys);
    event Deposited(uint32 indexed member, address indexed from, uint64 amount);
    event Withdrawn(uint32 indexed member, address indexed to, uint64 amount);

    error OtherVillage(bytes32 village);
    error NotNext(bytes32 head);
    error PeriodNotLater(uint32 period, uint40 periodEnd);
    error PeriodNotOver(uint40 periodEnd);

    error BadPayload();
    error NotBalanced(int256 sum);
    error BelowDebtFloor(uint32 member, int64 value);
    error LaneOverflow(uint32 member);
    error NoSuchLane(uint32 member);

    error WrongSignatureCount(uint256 expected);
    error HighS();
    error BadSignature();
    error SignersNotAscending(address signer);
    error NotOperator(address signer);

    error BadOperators();
    error BadDebtFloor();
    error BadUnit();

    error NoEscrow();
    error ZeroAmount();
    error Expired(uint256 deadline);
    error NotPayoutKey(address signer);
    error BalanceTooLow(int64 balance);
    error EscrowTooLow(uint256 escrow);
    error TokenShortfall();

    /// @notice Settles a period. Sending the batch that is already the head again changes nothing.
    /// @param payload width (1 byte, 1..5) | first slot (3 bytes) | one zig-zag number of `width` bytes per lane, whole slots of six.
    /// @param sigs    `threshold` EIP-2098 signatures over {digestOf}, ascending by signer.
    /// @return fresh  False when the batch already is the head.
    function submit(Batch calldata b, bytes calldata payload, bytes calldata sigs) external returns (bool fresh);

    /// @notice Hands the right to co-sign to other keys, by signature of the present threshold.
    /// @param ops Ascending, without duplicates, 1 to 255.
    function rotateOperators(address[] calldata ops, uint8 k, bytes calldata sigs) external;

    /// @notice Says which key may withdraw for each member from `first` on, by signature of the present threshold.
    function setPayoutKeys(uint32 first, address[] calldata keys, bytes calldata sigs) external;

    /// @notice Pays `amount * unit` of the token into escrow and `amount` onto the member's lane.
    function deposit(uint32 member, uint64 amount) external;

    /// @notice Pays out of escrow what the member's payout key asks for; needs a lane and an escrow that cover it.
    function withdraw(uint32 member, address to, uint64 amount, uint256 deadline, bytes32 r, bytes32 vs) external;

    function village() external view returns (bytes32);
    /// @notice Digest of the last settled batch; zero before the first.
    function head() external view returns (bytes32);
    function period() external view returns (uint32);
    function periodEnd() external view returns (uint40);
    function threshold() external view returns (uint8);
    /// @notice Grows by one with every rotation.
    function operatorEpoch() external view returns (uint32);
    function operators() external view returns (address[] memory);
    /// @notice What the village owes the member (negative: what the member owes), minor units.
    function balanceOf(uint32 member) external view returns (int64);
    /// @notice No batch may push a lane below this; zero or negative.
    function debtFloor() external view returns (int64);
    /// @notice Sum of all lanes: deposits not yet withdrawn, minor units.
    function escrow() external view returns (uint256);
    function token() external view returns (address);
    /// @notice Token base units per minor unit.
    function unit() external view returns (uint256);
    function payoutKey(uint32 member) external view returns (address);
    function payoutNonce() external view returns (uint32);
    function withdrawNonce(uint32 member) external view returns (uint256);
    /// @notice EIP-712 digest of a batch whose payload hashes to `payloadHash` (keccak-256).
    function digestOf(Batch calldata b, bytes32 payloadHash) external view returns (bytes32);
}
