// Everything a program needs but its runner: DStreams, DataFrames and SQL.
#pragma once

#include <libstream/api/session.hpp>
#include <libstream/api/split.hpp>
#include <libstream/api/streaming_context.hpp>
#include <libstream/base/duration.hpp>

