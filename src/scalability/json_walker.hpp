// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_JSON_WALKER_HPP
#define SCALABILITY_JSON_WALKER_HPP

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace scalability {

/// Where in a document something stands: the keys from the outside in; elements of arrays have the key "".
using json_path = std::vector<std::string>;

/// What json_walker tells. Numbers are doubles: integers up to 2^53 are exact.
struct json_visitor {
    std::function<void(const json_path&)> begin_object = [](const json_path&) {};
    std::function<void(const json_path&)> end_object = [](const json_path&) {};
    std::function<void(const json_path&, double)> number = [](const json_path&, double) {};
    std::function<void(const json_path&, const std::string&)> text = [](const json_path&, const std::string&) {};
};

/// The limits of a file that comes from somewhere else.
struct json_limits {
    std::size_t bytes = std::size_t{64} << 20;
    std::size_t depth = 32;
    std::size_t text = std::size_t{1} << 16;  ///< Of a key or a text.
};

/// Goes through a JSON document without keeping it. What it is told of an object that turns out to be broken further on has been told.
/// @throws xrayon::data_error  with the byte, if it is no JSON, too deep, too large, has a number that is none for a double or the same key twice
void walk_json(std::string_view document, const std::string& name, const json_visitor& visitor, const json_limits& limits = {});

/// The file's bytes. @throws xrayon::io_error, xrayon::data_error if it is larger than allowed
std::string read_limited(const std::string& path, const json_limits& limits = {});

} // namespace scalability

#endif // SCALABILITY_JSON_WALKER_HPP
