// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title An append-only, hash-chained record of federated training rounds.
/// @notice Every account keeps its own chains, one for each run: nobody can write into, block or claim another's,
/// so there is no owner, no access control, no pause and no upgrade. A record that is committed stays.
contract RoundLedger {
    /// @notice One completed round.
    /// @param runId The run that the round belongs to.
    /// @param round Number of the round: counts from 1 without gaps.
    /// @param planHash Hash of the run's plan: the same in every round of the run.
    /// @param parentModelHash Model that the round trained from: after round 1, the model that the round before made.
    /// @param modelHash Model that the round made.
    /// @param updatesRoot Merkle root over the survivors' signed commitments to their updates.
    /// @param survivors Number of participants whose updates are in the model.
    struct Round {
        bytes32 runId;
        uint64 round;
        bytes32 planHash;
        bytes32 parentModelHash;
        bytes32 modelHash;
        bytes32 updatesRoot;
        uint32 survivors;
    }

    /// @notice Where a run stands. All fields are zero when the run has no round.
    struct Head {
        uint64 round;
        bytes32 planHash;
        bytes32 modelHash;
        bytes32 entry;
    }

    /// @dev What the next round is checked against; the head's entry is in `_entries`.
    struct Latest {
        uint64 round;
        bytes32 planHash;
        bytes32 modelHash;
    }

    /// @notice The round has a record, which need not be another one: compare `existing` with your own.
    error RoundAlreadyCommitted(uint64 round, bytes32 existing);
    /// @notice The round does not follow the run's head.
    error WrongRound(uint64 expected);
    /// @notice The round did not train from the model that the run's head made.
    error WrongParent(bytes32 expectedModel);
    /// @notice The run has another plan.
    error PlanChanged(bytes32 expectedPlanHash);
    /// @notice A model without a survivor cannot be.
    error NoSurvivors();
    /// @notice A hash of the record is zero, which stands for "none" here.
    error ZeroHash();

    /// @notice A record was appended. `entry` is the run's head from now on.
    event RoundCommitted(
        address indexed committer,
        bytes32 indexed runId,
        uint64 indexed round,
        bytes32 planHash,
        bytes32 parentModelHash,
        bytes32 modelHash,
        bytes32 updatesRoot,
        uint32 survivors,
        bytes32 entry
    );

    mapping(address committer => mapping(bytes32 runId => Latest)) private _latest;
    mapping(address committer => mapping(bytes32 runId => mapping(uint64 round => bytes32))) private _entries;

    /// @notice Appends a record to the sender's run.
    /// @return entry keccak256(abi.encode(entry of the round before, or zero, committer, r))
    function commit(Round calldata r) external returns (bytes32 entry) {
        Latest storage latest = _latest[msg.sender][r.runId];
        uint64 head = latest.round;
        mapping(uint64 => bytes32) storage entries = _entries[msg.sender][r.runId];
        if (r.round != 0 && r.round <= head) revert RoundAlreadyCommitted(r.round, entries[r.round]);
        if (r.round != head + 1) revert WrongRound(head + 1);
        _check(latest, r);

        entry = keccak256(abi.encode(entries[head], msg.sender, r));
        entries[r.round] = entry;
        latest.round = r.round;
        latest.modelHash = r.modelHash;
        if (head == 0) latest.planHash = r.planHash;
        emit RoundCommitted(
            msg.sender,
            r.runId,
            r.round,
            r.planHash,
            r.parentModelHash,
            r.modelHash,
            r.updatesRoot,
            r.survivors,
            entry
        );
    }

    /// @notice The entry of a round; zero when there is none.
    function entryOf(address committer, bytes32 runId, uint64 round) external view returns (bytes32) {
        return _entries[committer][runId][round];
    }

    /// @notice The head of a run.
    function headOf(address committer, bytes32 runId) external view returns (Head memory) {
        Latest storage latest = _latest[committer][runId];
        bytes32 entry = _entries[committer][runId][latest.round];
        return Head(latest.round, latest.planHash, latest.modelHash, entry);
    }

    function _check(Latest storage latest, Round calldata r) private view {
        if (
            r.runId == 0 || r.planHash == 0 || r.parentModelHash == 0 || r.modelHash == 0 || r.updatesRoot == 0
        ) revert ZeroHash();
        if (r.survivors == 0) revert NoSurvivors();
        if (latest.round == 0) return;
        if (r.planHash != latest.planHash) revert PlanChanged(latest.planHash);
        if (r.parentModelHash != latest.modelHash) revert WrongParent(latest.modelHash);
    }
}
