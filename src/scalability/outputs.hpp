// SPDX-License-Identifier: Apache-2.0
#ifndef SCALABILITY_OUTPUTS_HPP
#define SCALABILITY_OUTPUTS_HPP

#include <optional>
#include <string>
#include <vector>

#include <xrayon/analyze/html_report.hpp>
#include <xrayon/analyze/json.hpp>
#include <xrayon/analyze/scalability_report.hpp>

#include "scalability/baseline.hpp"
#include "scalability/options.hpp"

namespace scalability {

/// Everything that is asked for besides the terminal: files, the comparison with an earlier run, the exit code.
class outputs {
public:
    /// `asked` must outlive it.
    /// @throws xrayon::io_error, xrayon::data_error, std::runtime_error  for what cannot be written or compared: better known before than after an hour
    outputs(const options& asked, std::vector<std::string> environment, xrayon::analyze::json_context context);

    /// Keeps what was found, and prints how it compares.
    void add(xrayon::analyze::html_section section);

    /// Writes the files, all that can be. @returns what the program ends with
    /// @throws what the first file that could not be written threw; std::runtime_error where nothing was found to compare with
    int finish();

private:
    void compare(const xrayon::analyze::scalability_report& report);
    [[nodiscard]] std::string csv() const;
    [[nodiscard]] std::string markdown() const;

    const options& asked_;
    std::vector<std::string> environment_;
    xrayon::analyze::json_context context_;
    std::optional<baseline> before_;
    std::vector<xrayon::analyze::html_section> sections_;
    std::vector<xrayon::analyze::scalability_report> reports_;  ///< Of the sections that were measured.
    bool slower_ = false;
    bool compared_ = false;
};

} // namespace scalability

#endif // SCALABILITY_OUTPUTS_HPP
