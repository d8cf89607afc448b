/*
 * core/model/file.h - the records of a .mote file, as they lie in it.
 *
 * Each is what compress/FORMAT.md says, byte for byte: read in place, so
 * fields are in file order, little-endian, and every record starts at a
 * multiple of its widest field. The asserts hold the sizes of that page.
 */
#ifndef MOTE_MODEL_FILE_H
#define MOTE_MODEL_FILE_H

#include <stdint.h>

#define MOTE_FILE_MAGIC "\x89mote\r\n\x1a"
#define MOTE_FILE_VERSION 1
#define MOTE_FILE_ARITHMETIC 1
#define MOTE_FILE_ALIGN 64
#define MOTE_FILE_PAGE 4096
#define MOTE_FILE_TAIL 64 /* zeros behind the last section */
#define MOTE_NONE 0xFFFFFFFFu

struct mote_file_header {
    uint8_t magic[8];
    uint16_t version, minimum_reader;
    uint32_t arithmetic;
    uint32_t section_count;
    uint32_t zero0;
    uint64_t request_arena, model_arena;
    uint64_t content_bytes;
    uint64_t zero1[2];
    /* byte 64; the content hash covers what is above */
    uint64_t content_hash;
    uint64_t file_bytes;
    uint64_t provenance_offset, provenance_bytes, provenance_hash;
    uint64_t zero2[2];
    uint64_t header_hash;
};

enum mote_section_type {
    MOTE_SECTION_STRINGS = 1,
    MOTE_SECTION_SYMBOLS,
    MOTE_SECTION_TENSORS,
    MOTE_SECTION_PLANS,
    MOTE_SECTION_MODEL,
    MOTE_SECTION_INPUT,
    MOTE_SECTION_OUTPUT,
    MOTE_SECTION_DATA,
    MOTE_SECTION_TEXT,
    MOTE_SECTION_JOBS,
    MOTE_SECTION_ASSETS,
    MOTE_SECTION_DEBUG,
    MOTE_SECTION_CODES,
    MOTE_SECTION_SERIES,
    MOTE_SECTION_TYPES /* one past the last known */
};
#define MOTE_SECTIONS_MAX 32
#define MOTE_SECTION_REQUIRED 1u

struct mote_file_section {
    uint32_t type, flags;
    uint64_t offset, bytes, hash;
};

/* STRINGS, SYMBOLS, TENSORS, PLANS and INPUT begin with a count. */
struct mote_file_count {
    uint32_t count, zero;
};

#define MOTE_SYMBOLS_MAX 8
#define MOTE_SYMBOL_LIMIT (1u << 24) /* maxima are below */

struct mote_file_symbol {
    uint32_t name, maximum;
};

enum mote_dtype {
    MOTE_F32 = 1,
    MOTE_F64,
    MOTE_S8,
    MOTE_U8,
    MOTE_S16,
    MOTE_S32,
    MOTE_S64,
    MOTE_BOOL,
    MOTE_DTEXT,
};

enum mote_layout { MOTE_LAYOUT_ROWS, MOTE_LAYOUT_P8K8 };
enum mote_encoding {
    MOTE_ENCODING_RAW,
    MOTE_ENCODING_PLANES,
    MOTE_ENCODING_HUF8,
    MOTE_ENCODING_HUFPAIR,
    MOTE_ENCODING_CONST,
    MOTE_ENCODING_BYTES,
};

#define MOTE_RANK_MAX 4

struct mote_file_tensor {
    uint8_t dtype, rank, layout, layout_version, encoding, bits;
    uint16_t zero;
    uint32_t block_bytes;
    uint32_t name;
    uint32_t dims[MOTE_RANK_MAX];
    uint64_t data_offset, data_bytes, decoded_bytes;
    uint64_t table_offset, index_offset, checksum_offset;
};

#define MOTE_PLANS_MAX 16
#define MOTE_PLAN_ENDS_MAX 64 /* inputs; outputs */
#define MOTE_PLAN_VALUES_MAX 16384
#define MOTE_PLAN_OPERATORS_MAX 4096
#define MOTE_PLAN_FLUSH_DENORMALS 1u

struct mote_file_plan {
    uint32_t name, flags;
    uint32_t inputs, outputs, values, operators;
    uint32_t values_offset, outputs_offset, operators_offset, operators_bytes;
    uint64_t arena;
};

enum mote_value_kind { MOTE_VALUE_ARENA, MOTE_VALUE_TENSOR };

#define MOTE_DIM_SYMBOL 0x80000000u /* + the symbol's index */

struct mote_file_value {
    uint8_t kind, dtype, rank, zero;
    uint32_t tensor;
    uint64_t offset;
    uint32_t dims[MOTE_RANK_MAX];
};

/* Followed by reads + writes value indices, then attributes. */
struct mote_file_operator {
    uint16_t opcode, version;
    uint32_t bytes;
    uint16_t reads, writes;
};

struct mote_file_model {
    uint32_t name, version, description, plan;
};

enum mote_feature_kind {
    MOTE_FEATURE_NUMBER = 1,
    MOTE_FEATURE_TEXT,
    MOTE_FEATURE_CATEGORY
};
#define MOTE_FEATURE_MAY_MISS 1u
#define MOTE_FEATURE_OTHER 2u          /* of a category */
#define MOTE_FEATURE_BOOLEAN 4u        /* of a number   */
#define MOTE_CATEGORIES_MAX (1u << 24) /* indices are exact in any dtype */

struct mote_file_feature {
    uint32_t name;
    uint8_t kind, dtype, flags, zero;
    uint32_t value, column;
    uint32_t first_category, category_count;
};

enum mote_output_kind {
    MOTE_OUTPUT_CLASS = 1,
    MOTE_OUTPUT_NUMBERS,
    MOTE_OUTPUT_EMBEDDING
};
enum mote_reply_style {
    MOTE_REPLY_INDEX = 1,
    MOTE_REPLY_LABEL,
    MOTE_REPLY_FULL,
    MOTE_REPLY_SCORES,     /* of a class with scores */
    MOTE_REPLY_PREDICTION, /* likewise, of a text    */
    MOTE_REPLY_BASE64      /* of an embedding        */
};
enum mote_score_kind {
    MOTE_SCORES_NONE,
    MOTE_SCORES_PROBABILITY,
    MOTE_SCORES_DECISION
};
enum mote_label_kind { MOTE_LABELS_TEXT = 1, MOTE_LABELS_NUMBER };

struct mote_file_output {
    uint8_t kind, style, scores_kind, labels;
    uint32_t index, scores;
    uint32_t first_name, count;
    uint32_t zero;
};

#define MOTE_SERIES_COLUMNS_MAX 64
#define MOTE_SERIES_STEP_MAX 31622400u /* seconds: a year of 366 days */
#define MOTE_SERIES_WINDOW_MAX 65535u

/* Followed by the columns and the forecasts. */
struct mote_file_series {
    uint32_t columns, forecasts;
    uint32_t step, offset; /* seconds */
    uint32_t gap;          /* steps */
    uint32_t time, unit;   /* feature or MOTE_NONE; seconds */
    uint32_t zero;
};

enum mote_resample {
    MOTE_SERIES_MEAN = 1,
    MOTE_SERIES_LAST,
    MOTE_SERIES_SUM,
    MOTE_SERIES_LEAST,
    MOTE_SERIES_MOST
};

struct mote_file_series_column {
    uint32_t name;
    uint32_t first; /* feature */
    uint32_t window, ahead;
    uint8_t resample, zero[3];
};

struct mote_file_forecast {
    uint32_t name;
    uint32_t first, steps; /* numbers of the output */
};

/* What every record of JOBS begins with. */
struct mote_file_record {
    uint16_t kind, version;
    uint32_t bytes; /* of the whole record, a multiple of 4 */
};

enum mote_job_record {
    MOTE_RECORD_TEMPLATE = 1,
    MOTE_RECORD_JOB,
    MOTE_RECORD_TARGET, /* of the job before it */
};

enum mote_part_kind {
    MOTE_PART_TEXT = 1, /* string */
    MOTE_PART_TARGET,   /* the target's id; string is MOTE_NONE in these */
    MOTE_PART_NAME,     /* the target's name */
    MOTE_PART_DATE,     /* of the schedule: 2026-11-28, UTC */
    MOTE_PART_TIME,     /* 20261128T130250Z */
    MOTE_PART_VERSION,  /* the model's */
    MOTE_PART_VARIABLE, /* string names one of the environment */
    MOTE_PARTS
};

struct mote_file_part {
    uint32_t kind, string;
};

/* Followed by the parts. */
struct mote_file_template {
    struct mote_file_record record;
    uint32_t parts;
};

enum mote_job_format { MOTE_JOB_CSV = 1, MOTE_JOB_JSON };
enum mote_job_failure {
    MOTE_JOB_REPORT = 1, /* failed targets are only told of  */
    MOTE_JOB_FAIL_ANY,   /* one fails the invocation         */
    MOTE_JOB_FAIL_ALL    /* only when no target was written  */
};

struct mote_file_job {
    struct mote_file_record record;
    uint32_t name;
    uint8_t format, separator, failure, zero;
    uint32_t source, sink;     /* templates; no source: the event has it */
    uint32_t time, columns;    /* names there: string, or MOTE_NONE of rows;
                                  strings, consecutive */
    uint32_t path, path_count; /* strings, consecutive; JSON members down */
    uint32_t observed, observed_name; /* column, string; or MOTE_NONE */
    uint32_t forecasts;               /* strings, consecutive; or MOTE_NONE */
    uint32_t history;                 /* observed steps in a result */
    uint32_t targets;                 /* records that follow */
};

struct mote_file_target {
    struct mote_file_record record;
    uint32_t id, name;
    uint32_t model; /* template, or MOTE_NONE: the function's */
};

enum mote_provenance_type {
    MOTE_PROVENANCE_TEXT = 1,
    MOTE_PROVENANCE_U64,
    MOTE_PROVENANCE_F64
};

/* Followed by the key, the value, and zeros to a multiple of 8. */
struct mote_file_provenance {
    uint16_t key_bytes, type;
    uint32_t value_bytes;
};

enum mote_text_record { MOTE_TEXT_WORDPIECE = 1 };
#define MOTE_TEXT_CHINESE 1u
#define MOTE_TEXT_LOWERCASE 2u
#define MOTE_TEXT_STRIP_ACCENTS 4u

/* Followed by symbols, their lengths, added tokens, index, entries. */
struct mote_file_wordpiece {
    uint16_t kind, version;
    uint32_t bytes;
    uint32_t ids, flags;
    uint32_t cls, sep, unk;
    uint16_t longest_word;    /* characters */
    uint8_t longest_piece[2]; /* bytes, at the beginning of a word and behind */
    uint8_t id_bytes, added, symbols, zero;
    uint32_t buckets, entry_bytes, added_bytes;
};

_Static_assert(sizeof(struct mote_file_wordpiece) == 48, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_header) == 128, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_section) == 32, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_tensor) == 80, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_plan) == 48, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_value) == 32, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_operator) == 12, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_feature) == 24, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_output) == 24, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_series) == 32, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_series_column) == 20, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_forecast) == 12, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_template) == 12, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_job) == 60, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_target) == 20, "FORMAT.md");
_Static_assert(sizeof(struct mote_file_provenance) == 8, "FORMAT.md");

#endif
