// Everything a DStream program needs but its runner.
#pragma once

#include <libstream/api/split.hpp>
#include <libstream/api/streaming_context.hpp>
#include <libstream/base/duration.hpp>

