// SPDX-License-Identifier: Apache-2.0
#include "scalability/labelled_rows.hpp"

#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <xrayon/core/config.hpp>
#include <xrayon/core/error.hpp>
#include <xrayon/io/csv.hpp>

namespace scalability {

std::string counted(std::size_t count, const std::string& noun) {
    const bool plural = count != 1;
    if (plural && noun.ends_with("ch")) {
        return xrayon::to_text(count) + " " + noun + "es";
    }
    return xrayon::to_text(count) + " " + noun + (plural ? "s" : "");
}

std::string shipped_data() {
    std::vector<std::filesystem::path> places;
#if defined(XRAYON_DATA_FROM_PROGRAM)
    std::error_code unknown;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    if (!unknown) {
        places.push_back((program.parent_path() / XRAYON_DATA_FROM_PROGRAM / "digits.csv").lexically_normal());
    }
#endif
#if defined(XRAYON_DATA_IN_TREE)
    places.push_back(std::filesystem::path(XRAYON_DATA_IN_TREE) / "digits.csv");
#endif
    std::string tried;
    for (const auto& place : places) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(place, ignored)) {
            return place.string();
        }
        tried += (tried.empty() ? "" : ", ") + place.string();
    }
    throw std::runtime_error("the data that ships with xrayon was not found (" + tried + "): give --data FILE.csv");
}

labelled_rows read_labelled(const std::string& path) {
    const xrayon::csv_table table = xrayon::read_csv(path);
    if (table.column_count() < 2 || table.rows() < 2) {
        throw std::runtime_error(path + ": needs at least 2 rows, a column of values and a last column of labels; it has "
                                 + counted(table.rows(), "row") + " and " + counted(table.column_count(), "column"));
    }
    const std::size_t features = table.column_count() - 1;
    labelled_rows data{matrix::from_shape({table.rows(), features}), {}, path};
    try {
        data.y = table.integers<int>(features);
    } catch (const xrayon::data_error& error) {
        throw std::runtime_error("the last column must hold integer labels: " + std::string(error.what()));
    }
    for (std::size_t i = 0; i < table.rows(); ++i) {
        for (std::size_t j = 0; j < features; ++j) {
            data.x(i, j) = table.values(i, j);
        }
    }
    return data;
}

labelled_rows every_second(const labelled_rows& data, std::size_t first) {
    const std::size_t rows = (data.y.size() + 1 - first) / 2;
    labelled_rows half{matrix::from_shape({rows, data.x.shape(1)}), std::vector<int>(rows), data.source};
    for (std::size_t i = 0; i < rows; ++i) {
        half.y[i] = data.y[first + 2 * i];
        for (std::size_t j = 0; j < data.x.shape(1); ++j) {
            half.x(i, j) = data.x(first + 2 * i, j);
        }
    }
    return half;
}

labelled_rows repeated(const labelled_rows& data, std::size_t times) {
    const std::size_t n = data.y.size();
    labelled_rows out{matrix::from_shape({n * times, data.x.shape(1)}), std::vector<int>(n * times), data.source};
    for (std::size_t i = 0; i < n * times; ++i) {
        out.y[i] = data.y[i % n];
        for (std::size_t j = 0; j < data.x.shape(1); ++j) {
            out.x(i, j) = data.x(i % n, j);
        }
    }
    return out;
}

} // namespace scalability
