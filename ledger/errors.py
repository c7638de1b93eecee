"""The one catalogue of everything the product can refuse.

A refusal is a class with a stable number and a stable code; its facts travel as data (RFC 9457 extension
members over HTTP, keys of `--json` in the terminal). Numbers are never reused. `ERRORS.md` is generated from
this module. Blocks: E1 the request · E2 its fate · E3 the card and the sale · E4 merchants and tills ·
E5 programmes, files and people · E6 reconciliation · E7 the installation · E9 our own faults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

Fact = int | str | None | Sequence["Fact"] | Mapping[str, "Fact"]

CATALOGUE: dict[int, type[Refusal]] = {}


def N_(message: str) -> str:  # noqa: N802 - the gettext convention for "translate later"
    """Mark a message for the catalogue; it is translated where it is shown."""
    return message


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """An answer "no" with its reason. It may be raised, or returned as a value where neighbours must not suffer.

    `status` is the HTTP status; `exit_code` the terminal's (2 bad input or use, 3 refused by a rule);
    `retryable` tells whether the very same request may succeed later.
    """

    number: ClassVar[int] = 0
    code: ClassVar[str] = ""
    status: ClassVar[int] = 422
    exit_code: ClassVar[int] = 3
    retryable: ClassVar[bool] = False
    title: ClassVar[str] = ""
    remedy: ClassVar[str] = ""

    def __init__(self, **facts: Fact) -> None:
        self.facts: dict[str, Fact] = facts
        super().__init__(f"{self.label} {self.code} {facts or ''}".rstrip())

    def __init_subclass__(cls) -> None:
        assert cls.number not in CATALOGUE, f"E{cls.number} is taken: numbers are never reused"
        assert all(cls.code != other.code for other in CATALOGUE.values()), f"{cls.code} is taken"
        CATALOGUE[cls.number] = cls

    @property
    def label(self) -> str:
        """The number as the cashier reads it on the telephone, such as E3004."""
        return f"E{self.number}"


# E1: the request itself. None of these leaves a trace in the books.


class InvalidRequest(Refusal):
    number, code, status, exit_code = 1001, "invalid-request", 400, 2
    title = N_("The request cannot be read.")
    remedy = N_("Correct the field named and send it again with a new key.")


class Unauthorised(Refusal):
    number, code, status = 1002, "unauthorised", 401
    title = N_("This till is not known here.")
    remedy = N_("Pair the till again with a new pairing code.")


class OutOfScope(Refusal):
    number, code, status = 1003, "out-of-scope", 403
    title = N_("This till may not do that.")
    remedy = N_("Use a device paired for this purpose.")


class NotFound(Refusal):
    number, code, status = 1004, "not-found", 404
    title = N_("There is nothing at this address.")
    remedy = N_("Check the address and the identifier.")


class IdempotencyKeyMissing(Refusal):
    number, code, status, exit_code = 1005, "idempotency-key-missing", 400, 2
    title = N_("The Idempotency-Key header is missing or unusable.")
    remedy = N_("Send 1 to 255 visible ASCII characters, a new key for each new request.")


class MethodNotAllowed(Refusal):
    number, code, status, exit_code = 1006, "method-not-allowed", 405, 2
    title = N_("This address does not take this method.")
    remedy = N_("See the documentation of the interface.")


class RequestTooLarge(Refusal):
    number, code, status, exit_code = 1007, "request-too-large", 413, 2
    title = N_("The request is too large.")
    remedy = N_("Send category totals, not items.")


class TooManyRequests(Refusal):
    number, code, status, retryable = 1008, "too-many-requests", 429, True
    title = N_("Too many attempts from here.")
    remedy = N_("Wait for the time stated, then try again.")


# E2: the fate of a request.


class IdempotencyConflict(Refusal):
    number, code, status = 2001, "idempotency-conflict", 409
    title = N_("This key was used for another request.")
    remedy = N_("Use a new key for each new request.")


class RequestAbandoned(Refusal):
    number, code, status = 2002, "request-abandoned", 409
    title = N_("This sale was abandoned by the till; nothing was debited.")
    remedy = N_("Start the sale again with a new key.")


class StaleRequest(Refusal):
    number, code, status = 2003, "stale-request", 409
    title = N_("The request is too old; nothing was debited.")
    remedy = N_("Start the sale again; check the clock of the till.")


# E3: the card and the sale. Frozen under the key, except the throttled ones.


class CodeRefused(Refusal):
    number, code = 3001, "code-refused"
    title = N_("The code is not accepted.")
    remedy = N_("Scan again, or ask for the code again.")


class CodeAlreadyUsed(Refusal):
    number, code = 3002, "code-already-used"
    title = N_("This code was already used.")
    remedy = N_("Wait for the next code on the telephone and scan it.")


class CardBlocked(Refusal):
    number, code = 3003, "card-blocked"
    title = N_("This card is blocked.")
    remedy = N_("Pay otherwise; the holder can ask for a new card.")


class InsufficientBalance(Refusal):
    number, code = 3004, "insufficient-balance"
    title = N_("The balance is not sufficient.")
    remedy = N_("Pay the rest otherwise.")


class NothingEligible(Refusal):
    number, code = 3005, "nothing-eligible"
    title = N_("Nothing in this basket can be paid in Pois.")
    remedy = N_("Pay otherwise.")


class TooManyAttempts(Refusal):
    number, code, status, retryable = 3006, "too-many-attempts", 429, True
    title = N_("Too many wrong codes.")
    remedy = N_("Wait for the time stated, then try again.")


class CapReached(Refusal):
    number, code = 3007, "cap-reached"
    title = N_("This is more than the card may spend at once or today.")
    remedy = N_("Pay the rest otherwise; what may still be paid is stated.")


class RefundTooLarge(Refusal):
    number, code = 3008, "refund-too-large"
    title = N_("More than was paid cannot be refunded.")
    remedy = N_("Refund at most what is still refundable.")


class MerchantBalanceTooLow(Refusal):
    number, code = 3009, "merchant-balance-too-low"
    title = N_("The merchant's balance does not cover this.")
    remedy = N_("Cancel the open conversion, then try again.")


class VoidTooLate(Refusal):
    number, code = 3010, "void-too-late"
    title = N_("This sale is too old to be voided.")
    remedy = N_("Refund it instead.")


class AlreadyRefunded(Refusal):
    number, code = 3011, "already-refunded"
    title = N_("Something of this sale was given back already; it cannot be voided.")
    remedy = N_("Refund what is left of it instead.")


class TrainingCard(Refusal):
    number, code = 3012, "training-card"
    title = N_("This is a training card; it pays nothing here.")
    remedy = N_("Ask for the customer's own card, or practise at a till in training.")


class TrainingTill(Refusal):
    number, code = 3013, "training-till"
    title = N_("This till is in training; it takes no real card.")
    remedy = N_("Use a training card, or take the payment at a till that is not in training.")


class NoCardWanted(Refusal):
    number, code, status = 3040, "no-card-wanted", 409
    title = N_("No card is to be printed: the households hold one already.")
    remedy = N_(
        "Block a lost card with `bonpois card block`, a lost batch with `bonpois card block-batch`; then print again."
    )


class CardsChanged(Refusal):
    number, code, status, retryable = 3041, "cards-changed", 409, True
    title = N_("Meanwhile somebody else made or blocked these cards; nothing was printed.")
    remedy = N_("Do it again.")


class PapersLost(Refusal):
    number, code, status = 3042, "papers-lost", 409
    title = N_("The cards are made, but their papers could not be put in place.")
    remedy = N_("Block this batch with `bonpois card block-batch`, then print again.")


class UnknownBatch(Refusal):
    number, code, status, exit_code = 3043, "unknown-batch", 404, 2
    title = N_("No cards that still work were made at this instant.")
    remedy = N_("See `bonpois card batches`.")


class EnrolmentRefused(Refusal):
    number, code, status = 3030, "enrolment-refused", 422
    title = N_("This code enrols no telephone.")
    remedy = N_("Each code works once, until the day in the letter; ask for a new one.")


class WalletUnknown(Refusal):
    number, code, status = 3031, "wallet-unknown", 401
    title = N_("This telephone is not known here.")
    remedy = N_("Ask for a new code and open the link in the letter again.")


class TelephoneEnrolled(Refusal):
    number, code, status = 3032, "telephone-enrolled", 409
    title = N_("A telephone shows this card already.")
    remedy = N_("If it was lost or changed, replace the card: the balance stays.")


class PinTooSimple(Refusal):
    number, code = 3033, "pin-too-simple"
    title = N_("This PIN is among the first that anybody would guess.")
    remedy = N_("Choose four other digits: not four times the same, no simple row.")


# E4: merchants and tills.


class MerchantNotActive(Refusal):
    number, code, status = 4001, "merchant-not-active", 403
    title = N_("This merchant cannot take Pois at the moment.")
    remedy = N_("Call the association.")


class PairingCodeRefused(Refusal):
    number, code, status = 4002, "pairing-code-refused", 401
    title = N_("The pairing code is not accepted.")
    remedy = N_("Ask for a new pairing code; each works once, for 15 minutes.")


class UnknownMerchant(Refusal):
    number, code, status = 4003, "unknown-merchant", 404
    title = N_("No merchant has this SIRET.")
    remedy = N_("Check the SIRET, or import the merchant first.")


class UnknownTill(Refusal):
    number, code, status = 4004, "unknown-till", 404
    title = N_("No till has this number.")
    remedy = N_("See `bonpois till list`.")


class UnknownConversion(Refusal):
    number, code, status = 4005, "unknown-conversion", 404
    title = N_("No conversion has this number.")
    remedy = N_("See `bonpois conversion list`.")


class ConversionNotOpen(Refusal):
    number, code, status = 4006, "conversion-not-open", 409
    title = N_("This conversion is no longer open.")
    remedy = N_("See the state of the conversion.")


class PayeeNotActive(Refusal):
    number, code, status = 4007, "payee-not-active", 409
    title = N_("The merchant to be paid cannot receive Pois at the moment.")
    remedy = N_("Pay otherwise.")


class NotWholePois(Refusal):
    number, code = 4008, "not-whole-pois"
    title = N_("Coupons are whole Pois.")
    remedy = N_("Ask for an amount without centimes.")


class OwnerCodeNotSet(Refusal):
    number, code, status = 4009, "owner-code-not-set", 403
    title = N_("This merchant has no owner's code yet.")
    remedy = N_("Ask the association to set it up with `bonpois merchant owner-code`.")


class MerchantNotEmpty(Refusal):
    number, code, status = 4010, "merchant-not-empty", 409
    title = N_("This merchant still has Pois.")
    remedy = N_("Let what is named be converted, paid or cancelled first.")


class CouponsTooFew(Refusal):
    number, code = 4011, "coupons-too-few"
    title = N_("Fewer coupons than that are in circulation.")
    remedy = N_("Count the coupons again.")


class UnknownPayout(Refusal):
    number, code, status = 4012, "unknown-payout", 404
    title = N_("This lot paid nothing of that to this merchant, or the bank sent it back already.")
    remedy = N_("See `bonpois conversion list`; name the amount where the lot paid several.")


class TillDisconnected(Refusal):
    number, code, status = 4020, "till-disconnected", 409
    title = N_("This device is disconnected already.")
    remedy = N_("There is nothing left to do. To use it again, connect it with a new code.")


# E5: programmes, files and people.


class FileFaulty(Refusal):
    """One or more faults in an input file; `faults` is a list of {row, column, value, fault}; nothing was done."""

    number, code, exit_code = 5001, "file-faulty", 2
    title = N_("The file has faults; nothing was imported.")
    remedy = N_("Correct the rows named and import the file again.")


class FileAlreadyImported(Refusal):
    number, code, status, exit_code = 5002, "file-already-imported", 409, 2
    title = N_("This file was imported before.")
    remedy = N_("Nothing is to be done; see the first import named.")


class FileUnreadable(Refusal):
    number, code, exit_code = 5003, "file-unreadable", 2
    title = N_("The file cannot be read.")
    remedy = N_("Check its name, its place and that it may be read.")


class UnknownOperator(Refusal):
    number, code, status = 5004, "unknown-operator", 404
    title = N_("No operator has this name.")
    remedy = N_("Name yourself with --operator; see `bonpois operator list`.")


class SamePerson(Refusal):
    number, code = 5005, "same-person"
    title = N_("Who prepares does not approve.")
    remedy = N_("Let another operator approve.")


class PoolTooLow(Refusal):
    number, code = 5006, "pool-too-low"
    title = N_("The programme's pool does not cover this run.")
    remedy = N_("Fund the programme first, or prepare a smaller run.")


class UnknownProgramme(Refusal):
    number, code, status = 5007, "unknown-programme", 404
    title = N_("No programme has this code.")
    remedy = N_("See `bonpois programme list`.")


class AlreadyExists(Refusal):
    number, code, status = 5008, "already-exists", 409
    title = N_("This is already recorded.")
    remedy = N_("Nothing is to be done; see what is recorded.")


class NotPending(Refusal):
    number, code, status = 5009, "not-pending", 409
    title = N_("This is not waiting for approval.")
    remedy = N_("See the list of pending runs.")


class NothingToIssue(Refusal):
    number, code = 5010, "nothing-to-issue"
    title = N_("No household is entitled and waiting.")
    remedy = N_("Import households, or check the rules of the programme.")


class UnknownCard(Refusal):
    number, code, status = 5011, "unknown-card", 404
    title = N_("No card has this number.")
    remedy = N_("Check the number printed on the card.")


class UnknownHousehold(Refusal):
    number, code, status = 5012, "unknown-household", 404
    title = N_("No household has this case number.")
    remedy = N_("Check the case number, or import the household first.")


class UnknownMandate(Refusal):
    number, code, status = 5013, "unknown-mandate", 404
    title = N_("No mandate has this number.")
    remedy = N_("Check the number, or record the mandate first.")


class NotPossibleNow(Refusal):
    number, code, status = 5014, "not-possible-now", 409
    title = N_("The present state does not allow this.")
    remedy = N_("See the state named.")


class BadValue(Refusal):
    number, code, exit_code = 5015, "bad-value", 2
    title = N_("A value cannot be used.")
    remedy = N_("Correct the value named.")


class ContentDiffers(Refusal):
    number, code, status = 5016, "content-differs", 409
    title = N_("This is no longer what was proposed.")
    remedy = N_("Do not approve; prepare it again and find out what changed.")


class UnknownRun(Refusal):
    number, code, status = 5017, "unknown-run", 404
    title = N_("No aid run has this number.")
    remedy = N_("See `bonpois aid list`.")


class OperatorSuspended(Refusal):
    number, code, status = 5018, "operator-suspended", 403
    title = N_("This operator is suspended.")
    remedy = N_("Let another operator do it, or have it lifted with `bonpois operator resume`.")


class RoleMissing(Refusal):
    number, code, status = 5019, "role-missing", 403
    title = N_("This operator has no role that may do this.")
    remedy = N_("Let somebody with one of the roles named do it; see `bonpois operator list`.")


class SignatureRefused(Refusal):
    number, code, status = 5020, "signature-refused", 403
    title = N_("The signature does not prove who signed what.")
    remedy = N_("Sign with the operator's own present key; prepare again what was signed with another.")


class LimitReached(Refusal):
    number, code = 5021, "limit-reached"
    title = N_("This is more than the operator may prepare within the days stated.")
    remedy = N_("Let another operator prepare it, or have the limit changed with `bonpois operator roles`.")


class KeyFileMissing(Refusal):
    number, code, exit_code = 5022, "key-file-missing", 2
    title = N_("The operator's key is not on this machine.")
    remedy = N_("Work where the key is, or name its folder with BONPOIS_OPERATOR_KEYS.")


class PassphraseRefused(Refusal):
    number, code, exit_code = 5023, "passphrase-refused", 2
    title = N_("The passphrase does not open this key, or is too short for a new one.")
    remedy = N_("Type it again; a new one has at least 8 characters.")


class UnknownProposal(Refusal):
    number, code, status = 5024, "unknown-proposal", 404
    title = N_("Nothing was put before another person under this number.")
    remedy = N_("See `bonpois approval list --all`.")


class UnknownAccount(Refusal):
    number, code, status = 5025, "unknown-account", 404
    title = N_("No account has this name.")
    remedy = N_("See the chart of accounts; a voucher is voucher:SERIAL, a merchant merchant:SIRET.")


class UnknownTransaction(Refusal):
    number, code, status = 5026, "unknown-transaction", 404
    title = N_("No transaction has this number.")
    remedy = N_("Check the number.")


class UnknownVoucher(Refusal):
    number, code, status = 5027, "unknown-voucher", 404
    title = N_("No voucher has this number.")
    remedy = N_("Check the number; see `bonpois voucher list`.")


class MoveUnbalanced(Refusal):
    number, code = 5028, "move-unbalanced"
    title = N_("Debits and credits differ.")
    remedy = N_("Correct the amounts, so that they are equal in each asset.")


class MoveNotAllowed(Refusal):
    number, code = 5029, "move-not-allowed"
    title = N_("Money does not move between these accounts in this way.")
    remedy = N_("Adjust against suspense:EUR or suspense:POIS; anything else has a command of its own.")


class BackingBroken(Refusal):
    number, code = 5030, "backing-broken"
    title = N_("Euros held or owed would no longer equal the Pois they back.")
    remedy = N_("Move as many euros as Pois, or let suspense carry the difference.")


class AccountTooLow(Refusal):
    number, code = 5031, "account-too-low"
    title = N_("The account does not hold this much.")
    remedy = N_("Move at most what is available.")


class NotReversible(Refusal):
    number, code = 5032, "not-reversible"
    title = N_("This kind of transaction is not reversed: it has an undo of its own.")
    remedy = N_("Do what is named instead.")


class HouseholdHasMoney(Refusal):
    number, code, status = 5033, "household-has-money", 409
    title = N_("This household's vouchers still hold money.")
    remedy = N_("Wait until they lapse, or give the rest up with --give-up: it returns to the programme.")


class UnknownLot(Refusal):
    number, code, status = 5050, "unknown-lot", 404
    title = N_("No lot was prepared under this reference.")
    remedy = N_("See `bonpois conversion lots`.")


class NothingToPay(Refusal):
    number, code, status = 5051, "nothing-to-pay", 409
    title = N_("No conversion can go into a lot now.")
    remedy = N_("See `bonpois conversion list --open`; what is named waits for an account or is in a lot already.")


class PayerMissing(Refusal):
    number, code, status = 5052, "payer-missing", 409
    title = N_("It is not known from which account merchants are paid.")
    remedy = N_("Record the account of the reserve with `bonpois conversion payer`.")


class AccountChanged(Refusal):
    number, code, status = 5053, "account-changed", 409
    title = N_("A merchant is paid on another account than the one that was approved.")
    remedy = N_("Withdraw the lot with `bonpois conversion withdraw-lot`, prepare and approve a new one.")


class AccountCoolingDown(Refusal):
    number, code, status = 5054, "account-cooling-down", 409
    title = N_("The account of a merchant is about to change.")
    remedy = N_(
        "Ask the merchant; withdraw the change with `bonpois iban withdraw` if it is not theirs, "
        "else withdraw the lot and prepare one without this merchant."
    )


class LotNotApproved(Refusal):
    number, code, status = 5055, "lot-not-approved", 409
    title = N_("This lot is not approved, or not any more.")
    remedy = N_("Let another person approve it with `bonpois approval approve`, or prepare a new one.")


class PayoutFileDiffers(Refusal):
    number, code, status = 5056, "payout-file-differs", 409
    title = N_("The file would no longer be the one that was written first.")
    remedy = N_("Give the bank the first file; never a second one under the same reference.")


class LotAtTheBank(Refusal):
    number, code, status = 5057, "lot-at-the-bank", 409
    title = N_("The file of this lot was written, and the bank may have it.")
    remedy = N_("Read back what the bank answers; if it surely never got the file, say --never-sent.")


# E6: reconciliation.


class StatementFormatUnknown(Refusal):
    number, code, exit_code = 6001, "statement-format-unknown", 2
    title = N_("This is no statement in a form known here; nothing was imported.")
    remedy = N_(
        "Export it in one of the forms named; of another CSV, `bonpois reconcile import --guess` proposes a mapping."
    )


class StatementDoesNotAddUp(Refusal):
    """Opening, lines and closing do not fit; nothing was imported."""

    number, code, exit_code = 6002, "statement-does-not-add-up", 2
    title = N_("Opening balance plus movements is not the closing balance; nothing was imported.")
    remedy = N_("Export the statement again; if it stays so, ask the association.")


class StatementMayBeCut(Refusal):
    """The number of rows is that of full pages of an export: more may have followed."""

    number, code, exit_code = 6003, "statement-may-be-cut", 2
    title = N_("The file ends exactly where platforms cut their exports; nothing was imported.")
    remedy = N_("Export shorter periods, or prove the end by typing the closing balance with --closing.")


class ClosingUnproven(Refusal):
    number, code, exit_code = 6004, "closing-unproven", 2
    title = N_("The file does not tell its closing balance; nothing was imported.")
    remedy = N_("Put the file of balances beside it, or type the closing balance with --closing.")


class OpeningDiffers(Refusal):
    number, code, exit_code = 6005, "opening-differs", 2
    title = N_("The statement does not begin where the last one ended; nothing was imported.")
    remedy = N_("Import the statements in between first, or ask the association.")


class StatementOutOfTurn(Refusal):
    number, code, status, exit_code = 6006, "statement-out-of-turn", 409, 2
    title = N_("The file tells days that are imported already, and tells them otherwise; nothing was imported.")
    remedy = N_("Check the account and the days of the file; see the statement named.")


class NoStatement(Refusal):
    number, code, status, exit_code = 6007, "no-statement", 404, 2
    title = N_("No statement of this account and month is imported.")
    remedy = N_("Import one with `bonpois reconcile import`.")


class NotMatched(Refusal):
    number, code, status = 6008, "not-matched", 404
    title = N_("This record is not matched.")
    remedy = N_("Check the number of the record and the month.")


class MatchedMeanwhile(Refusal):
    number, code, status, retryable = 6009, "matched-meanwhile", 409, True
    title = N_("Somebody else matched the same account at the same time; nothing was matched here.")
    remedy = N_("Run it again.")


class StatementOfOtherMoney(Refusal):
    number, code, exit_code = 6010, "statement-of-other-money", 2
    title = N_("The statement is in another money than the account; nothing was imported.")
    remedy = N_("Name the account with --account: the reserve is in euros, the dedicated account in Pois.")


class NothingToRemit(Refusal):
    number, code = 6011, "nothing-to-remit"
    title = N_("All sales and refunds until that day were told to the association before.")
    remedy = N_("Nothing is to be done; `bonpois remittance write` writes an earlier file again.")


class DayNotOver(Refusal):
    number, code = 6012, "day-not-over"
    title = N_("That day is not over yet.")
    remedy = N_("Wait until it is over, or name an earlier day.")


class UnknownRemittance(Refusal):
    number, code, status = 6013, "unknown-remittance", 404
    title = N_("No remittance has this number.")
    remedy = N_("See `bonpois remittance list`.")


class FileThere(Refusal):
    number, code, status, exit_code = 6014, "file-there", 409, 2
    title = N_("Another file of this name is there already; it was left as it is.")
    remedy = N_("Move it away, or name another place.")


class NoFileWaiting(Refusal):
    number, code, status, exit_code = 6030, "no-file-waiting", 404, 2
    title = N_("No file of this name waits for another one, or several do.")
    remedy = N_("See `bonpois reconcile list`; the beginning of its SHA-256 names a file, too.")


class UnknownBreak(Refusal):
    """`now`: the breaks that what it was about belongs to today."""

    number, code, status, exit_code = 6050, "unknown-break", 404, 2
    title = N_("No difference has a number that begins so.")
    remedy = N_("See `bonpois reconcile breaks`; eight characters of its number are enough.")


class BreakAmbiguous(Refusal):
    number, code, exit_code = 6051, "break-ambiguous", 2
    title = N_("Several differences have a number that begins so.")
    remedy = N_("Type more of the number.")


class BreakChanged(Refusal):
    number, code, status = 6052, "break-changed", 409
    title = N_("The difference is no longer what it was when this was proposed; nothing was booked.")
    remedy = N_("Reject the proposal, look at the difference again, and propose what is right now.")


class ResolutionWaits(Refusal):
    number, code, status = 6053, "resolution-waits", 409
    title = N_("Something is proposed about this difference already, and waits for another person.")
    remedy = N_("Let another person approve or reject it first: `bonpois approval show NUMBER`.")


class NothingToReopen(Refusal):
    number, code, status = 6054, "nothing-to-reopen", 409
    title = N_("Nobody waits for anything about this difference.")
    remedy = N_("Take a match back with `reconcile unmatch`, a correction with `adjust reverse`.")


class BreakSettled(Refusal):
    number, code, status = 6055, "break-settled", 409
    title = N_("This difference is settled.")
    remedy = N_(
        "If that is wrong, take the match back with `reconcile unmatch`, or the correction with `adjust reverse`."
    )


class CorrectionUnclear(Refusal):
    number, code, exit_code = 6056, "correction-unclear", 2
    title = N_("Which accounts are to be corrected does not follow from the difference.")
    remedy = N_("Name them with --debit and --credit, a transaction to take back with --reverse, or the --programme.")


class CorrectionMisses(Refusal):
    number, code = 6057, "correction-misses"
    title = N_("This correction would not settle the difference to the cent; nothing was proposed.")
    remedy = N_("Correct the amounts; see what is needed.")


class UnknownComment(Refusal):
    number, code, status, exit_code = 6058, "unknown-comment", 404, 2
    title = N_("This difference has no comment of this number, or it was erased before.")
    remedy = N_("See `bonpois break show`.")


class MonthCertified(Refusal):
    """A certified month does not change (L11)."""

    number, code, status = 6060, "month-certified", 409
    title = N_("This month is certified: nothing in it changes any more.")
    remedy = N_("Whatever is known later goes to the open month; two people may reopen it with `reconcile reopen`.")


class MonthNotOver(Refusal):
    number, code = 6061, "month-not-over"
    title = N_("This month is not over yet.")
    remedy = N_("Certify it once it is over.")


class MonthNotCovered(Refusal):
    number, code = 6062, "month-not-covered"
    title = N_("The statements imported do not reach the end of this month.")
    remedy = N_("Import the rest of the month with `bonpois reconcile import`.")


class FileWaits(Refusal):
    number, code, status = 6063, "file-waits", 409
    title = N_("A file of this month still waits for another one.")
    remedy = N_("Import what is missing in between, or give the file up with `bonpois reconcile withdraw`.")


class ProofNotZero(Refusal):
    number, code = 6064, "proof-not-zero"
    title = N_("The proof is not zero; such a month is not certified.")
    remedy = N_("See `bonpois reconcile report` and `bonpois reconcile prove`, and run `bonpois check`.")


class PreviousNotCertified(Refusal):
    number, code, status = 6065, "previous-not-certified", 409
    title = N_("Another month is to be certified first.")
    remedy = N_("Certify the month named, then this one.")


class CertifiedClosingDiffers(Refusal):
    """The books or the statements no longer begin where the certificate of the month before ended."""

    number, code, status = 6066, "certified-closing-differs", 409
    title = N_("This month does not begin where the certified one before it ended.")
    remedy = N_("Run `bonpois check`, and tell the person who reviews.")


class MonthNotSealed(Refusal):
    number, code, status, retryable = 6067, "month-not-sealed", 409, True
    title = N_("Something in this month is not sealed yet, or came after what was prepared.")
    remedy = N_("Wait a few seconds and prepare the certificate again.")


class MonthNotCertified(Refusal):
    number, code, status = 6068, "month-not-certified", 404
    title = N_("This month is not certified, or was reopened.")
    remedy = N_("See `bonpois reconcile certificates`.")


class LaterMonthCertified(Refusal):
    number, code, status = 6069, "later-month-certified", 409
    title = N_("A later month is certified, which begins where this one ended.")
    remedy = N_("Reopen the last certified month first.")


class UnknownSuggestion(Refusal):
    number, code, status = 6040, "unknown-suggestion", 404
    title = N_("No open suggestion of this month is named so, or several are.")
    remedy = N_("List them with `bonpois reconcile suggestions`, and write more of the id.")


class NothingToExplain(Refusal):
    number, code, status, exit_code = 6041, "nothing-to-explain", 404, 2
    title = N_("No record, ticket, transaction or match of this month is named so.")
    remedy = N_("Give the number of a record, a ticket, or an id as `bonpois reconcile breaks --json` shows it.")


# E7: the installation.


class RehearsalOnly(Refusal):
    number, code, exit_code = 7001, "rehearsal-only", 2
    title = N_("Only a home made by `bonpois demo` may run with a foreign clock.")
    remedy = N_("Choose another folder with --home.")


class DatabaseNotReady(Refusal):
    number, code, status, exit_code, retryable = 7002, "database-not-ready", 503, 2, True
    title = N_("The database is not up to date.")
    remedy = N_("Run `bonpois db upgrade`.")


class DatabaseUnreachable(Refusal):
    number, code, status, exit_code, retryable = 7003, "database-unreachable", 503, 2, True
    title = N_("The database does not answer.")
    remedy = N_("Check that the server runs and that its address is right.")


class WrongDatabaseRole(Refusal):
    number, code, exit_code = 7004, "wrong-database-role", 2
    title = N_("The service refuses to log in as an owner or a superuser.")
    remedy = N_("Let BONPOIS_DATABASE_URL name the login of the application.")


class HomeClosed(Refusal):
    number, code, exit_code = 7005, "home-closed", 2
    title = N_("The embedded database cannot reach this folder.")
    remedy = N_("Choose another folder with --home, or open the folder named to others (chmod o+x).")


class EmbeddedFailed(Refusal):
    number, code, exit_code = 7006, "embedded-failed", 2
    title = N_("The embedded database did not start.")
    remedy = N_("See the log file named.")


class KeysMissing(Refusal):
    number, code, exit_code = 7007, "keys-missing", 2
    title = N_("The key file of this home is missing or damaged.")
    remedy = N_("Put the key file back from its own backup; a new one cannot read the old data.")


class BadConfiguration(Refusal):
    number, code, exit_code = 7008, "bad-configuration", 2
    title = N_("A setting cannot be used.")
    remedy = N_("Correct the setting named.")


class HomeEmpty(Refusal):
    number, code, exit_code = 7009, "home-empty", 2
    title = N_("There is no ledger in this folder yet.")
    remedy = N_("Make one with `bonpois db init`, or choose another folder with --home.")


class BadUse(Refusal):
    """A command line that cannot be understood; `reason` says why."""

    number, code, exit_code = 7010, "bad-use", 2
    title = N_("The command cannot be understood.")
    remedy = N_("Add --help to the command to see how it is used.")


class ProgramFailed(Refusal):
    """One of PostgreSQL's own programs failed; `said` is what it said."""

    number, code, exit_code = 7011, "program-failed", 2
    title = N_("A program of PostgreSQL failed.")
    remedy = N_("See what it said.")


class ServiceGone(Refusal):
    number, code, status, exit_code, retryable = 7012, "service-gone", 503, 2, True
    title = N_("The service of the rehearsal stopped or failed.")
    remedy = N_("See its log file, then run the same command on the same home: it goes on where it was cut.")


class UnknownCheck(Refusal):
    number, code, exit_code = 7013, "unknown-check", 2
    title = N_("There is no check of this name.")
    remedy = N_("Choose among the names listed.")


# E8: the seals, and the files that prove themselves.


class NotSealedYet(Refusal):
    number, code, status, retryable = 8001, "not-sealed-yet", 409, True
    title = N_("This is not sealed yet.")
    remedy = N_("Try again in a few seconds; see `bonpois seal`.")


class UnknownCheckpoint(Refusal):
    number, code, status = 8002, "unknown-checkpoint", 404
    title = N_("These books never had such a checkpoint.")
    remedy = N_("If you hold one that was signed, do not trust these books: tell the finance officer.")


class ProofUnreadable(Refusal):
    number, code, exit_code = 8003, "proof-unreadable", 2
    title = N_("This file is no proof that can be read.")
    remedy = N_("Ask for it again; `bonpois export` writes such files.")


class FactNotAsSealed(Refusal):
    number, code, status = 8004, "fact-not-as-sealed", 409
    title = N_("This is no longer what was sealed.")
    remedy = N_("Somebody changed the database: run `bonpois check`, and tell the finance officer.")


# E9: our own faults.


class InternalError(Refusal):
    number, code, status, retryable = 9001, "internal-error", 500, True
    title = N_("The service failed; this is our fault.")
    remedy = N_("Try again with the same key; if it goes on, call us with the number shown.")


class Unavailable(Refusal):
    number, code, status, retryable = 9002, "unavailable", 503, True
    title = N_("The service cannot answer at the moment.")
    remedy = N_("Try again with the same key after the time stated.")
